"""The last turns of conversations, as long as there is room for them; pure.

Turns are numbered, never change and are deleted with their conversation only. So whoever knows from the database how
many a conversation has can tell whether what is remembered is all of it, and no more than a reading is ever lost.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple, Protocol, Self
from uuid import UUID, uuid4

import orjson

from learning.tutoring.replies import Kind

REMEMBERED_TURNS = 3
_OVERHEAD_BYTES = 2_000  # of a turn, beside what differs from one to the next
_BYTES_OF_JSON = 5  # what a byte of it takes as dictionaries and strings


class Key(NamedTuple):
    """A conversation; of which tenant is part of its name."""

    org_id: UUID
    conversation_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One row of `tutor_turns`: a question and its reply, both sealed. `quiz_question_id`: what it was a hint for."""

    id: UUID
    number: int
    question: bytes
    reply: bytes
    kind: Kind
    quiz_question_id: UUID | None
    sources: list[dict[str, Any]]
    made_by: dict[str, Any]
    created_at: datetime

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        return cls(**{name: row[name] for name in cls.__slots__})

    @property
    def size_bytes(self) -> int:
        """Roughly what it takes in memory."""
        described = orjson.dumps([self.sources, self.made_by])
        return len(self.question) + len(self.reply) + _BYTES_OF_JSON * len(described) + _OVERHEAD_BYTES


@dataclass(frozen=True, slots=True)
class Recollection:
    """What is remembered of a conversation. `ticket` admits what the reader adds, for as long as the conversation was
    not forgotten since."""

    ticket: UUID
    turns: tuple[Turn, ...] = ()

    def last_of(self, number: int) -> tuple[Turn, ...] | None:
        """The last turns of a conversation that has `number` of them, in order; None where not all are here."""
        known = {turn.number: turn for turn in self.turns}
        wanted = range(max(1, number - REMEMBERED_TURNS + 1), number + 1)
        return tuple(known[one] for one in wanted) if known.keys() >= set(wanted) else None


class ConversationMemory(Protocol):
    """Where a replica keeps what was said last, for whichever replica is asked next."""

    async def recall(self, key: Key) -> Recollection | None:
        """What is remembered, soon; None where nothing can be at present. Never raises."""
        ...

    async def remember(self, key: Key, ticket: UUID, turns: Iterable[Turn]) -> None:
        """Add what was committed. `ticket` is of the `recall` before it was read. Never raises."""
        ...


class Forgetful:
    """A `ConversationMemory` that has none: each turn reads the database."""

    async def recall(self, key: Key) -> Recollection | None:
        """Nothing."""
        return None

    async def remember(self, key: Key, ticket: UUID, turns: Iterable[Turn]) -> None:
        """Nothing happens."""


@dataclass
class _Entry:
    ticket: UUID = field(default_factory=uuid4)
    turns: tuple[Turn, ...] = ()

    @property
    def size_bytes(self) -> int:
        return _OVERHEAD_BYTES + sum(turn.size_bytes for turn in self.turns)


class Memory:
    """Conversations, the least recently used go first. Only what was asked for since it was forgotten last is taken
    up, so a turn that comes late cannot bring back a conversation that was deleted meanwhile."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._entries: OrderedDict[Key, _Entry] = OrderedDict()
        self._bytes = 0

    @property
    def size_bytes(self) -> int:
        """Roughly what all of it takes."""
        return self._bytes

    def recall(self, key: Key) -> Recollection:
        """What is remembered of a conversation, which from now on may be added to."""
        entry = self._entries.get(key)
        if entry is None:
            entry = _Entry()
            self._put(key, entry)
        self._entries.move_to_end(key)
        return Recollection(entry.ticket, entry.turns)

    def remember(self, key: Key, ticket: UUID, turns: Iterable[Turn]) -> bool:
        """Add turns, of which the last ones are kept. Returns whether the ticket still admits them."""
        entry = self._entries.get(key)
        if entry is None or entry.ticket != ticket:
            return False
        known = {turn.number: turn for turn in (*entry.turns, *turns)}
        kept = tuple(known[number] for number in sorted(known)[-REMEMBERED_TURNS:])
        self._put(key, _Entry(ticket, kept))
        self._entries.move_to_end(key)
        return True

    def forget(self, key: Key) -> None:
        """A conversation was deleted."""
        if (entry := self._entries.pop(key, None)) is not None:
            self._bytes -= entry.size_bytes

    def forget_all(self) -> None:
        """Conversations may have been deleted unheard."""
        self._entries.clear()
        self._bytes = 0

    def _put(self, key: Key, entry: _Entry) -> None:
        before = self._entries.get(key)
        self._bytes += entry.size_bytes - (before.size_bytes if before else 0)
        self._entries[key] = entry
        while self._bytes > self._most_bytes and len(self._entries) > 1:
            oldest = next(one for one in self._entries if one != key)
            self.forget(oldest)
