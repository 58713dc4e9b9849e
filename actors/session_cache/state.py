"""What was revoked, in order; pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple, Protocol
from uuid import UUID


class Revocation(NamedTuple):
    """One revoked session. `position` orders revocations; `until` (Unix seconds) is when its last token expires."""

    position: str
    session_id: UUID
    until: float


class Epoch(NamedTuple):
    """One life of the store's memory, and when it began (Unix seconds)."""

    id: str
    started_at: float


@dataclass(frozen=True, slots=True)
class Revocations:
    """An answer to "what is new past this cursor?".

    A new `epoch` means that the store lost its data at `epoch_started_at`: tokens issued before prove nothing any
    more. `complete` says that `sessions` is the whole list and replaces what the reader has; it maps a revoked
    session to the time when its last token expires. `proven` says that the store was read after the question was
    asked, so that no news at all is news; an early answer only brings what is new.
    """

    epoch: str
    epoch_started_at: float
    cursor: str
    complete: bool
    sessions: dict[UUID, float]
    proven: bool = True


class RevocationFeed(Protocol):
    """Where a replica learns of revocations."""

    async def changes(self, epoch: str, cursor: str) -> Revocations:
        """What is new past the cursor. Waits a moment for news.

        Raises `StoreUnavailable` where the store does not answer.
        """
        ...


class RevocationLog:
    """The revocations that still matter: those whose tokens have not all expired."""

    def __init__(self) -> None:
        self._epoch = Epoch("", float("inf"))
        self._entries: list[Revocation] = []
        self._last = ""

    @property
    def last_position(self) -> str:
        """The position of the newest revocation ever added in this epoch; empty at its beginning."""
        return self._last

    def begin(self, epoch: Epoch) -> bool:
        """Enter an epoch. Forgets everything and returns True where it is another one."""
        if epoch == self._epoch:
            return False
        self._epoch, self._entries, self._last = epoch, [], ""
        return True

    def add(self, revocations: Iterable[Revocation], now: float) -> None:
        """Append, in order, and forget what no longer matters."""
        self._entries += revocations
        if self._entries:
            self._last = self._entries[-1].position
        self._entries = [entry for entry in self._entries if entry.until > now]

    def since(self, epoch: str, cursor: str) -> Revocations:
        """What a reader that has read up to `cursor` of `epoch` still lacks."""
        complete = epoch != self._epoch.id or not cursor
        known = _order(cursor) if not complete else (-1, -1)
        news = {entry.session_id: entry.until for entry in self._entries if _order(entry.position) > known}
        return Revocations(self._epoch.id, self._epoch.started_at, self._last or "0-0", complete, news)


def _order(position: str) -> tuple[int, int]:
    # Stream ids compare as numbers: 9-0 comes before 10-0.
    milliseconds, _, sequence = position.partition("-")
    return int(milliseconds), int(sequence or 0)
