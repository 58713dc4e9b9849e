"""Course pages ready to send, in the replica's own memory.

What a page shows changes seldom and is told by PostgreSQL: triggers notify the channel `course_changed` of every course
whose page a commit changed. A page is kept only if no such message, and no outage of the channel, came between the
beginning of its reading and its end. While the channel is down nothing is answered from memory.

A change binds on other replicas as soon as the notification arrives, which takes about a millisecond; where the
connection dies without a word, after the three seconds in which the listener notices. On the replica that made the
change it binds before the writer gets an answer (`Echo`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID
from weakref import WeakValueDictionary

from deployments.kit.etags import none_match
from deployments.kit.gate import Answer
from deployments.kit.lru import BoundedCache
from deployments.kit.principal import Principal
from stores.ids import new_id

CHANNEL = "course_changed"
PATH = "/api/courses/"
_ORGANISATION = "org:"
_ECHO = "echo:"
_ECHO_SECONDS = 1.0
_MAXIMUM_BYTES = 64 * 1024 * 1024
_OVERHEAD_BYTES = 1_000
_LONGEST_TAGS = 500  # as the framework's route has it; longer ones are left for it to refuse


@dataclass(frozen=True, slots=True)
class Page:
    """A course's page as two ready answers: in full, and `304 Not Modified`."""

    org_id: UUID
    etag: bytes
    full: Answer
    unchanged: Answer

    @classmethod
    def of(cls, org_id: UUID, body: bytes, etag: str) -> Page:
        tag = etag.encode()
        # Readers may keep a copy but must ask whether it is still good.
        headers = [(b"etag", tag), (b"cache-control", b"private, no-cache")]
        content = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        return cls(org_id, tag, Answer(200, [*content, *headers], body), Answer(304, headers, b""))

    def answer(self, if_none_match: bytes | None) -> Answer:
        """What a reader gets who holds copies with these tags."""
        if if_none_match is None:
            return self.full
        if if_none_match == self.etag or none_match(if_none_match.decode("latin-1"), self.etag.decode()):
            return self.unchanged
        return self.full


@dataclass(slots=True, eq=False)
class Filling:
    """One reading of a course on its way into the cache."""

    path: str
    stale: bool


class Echo:
    """A message to oneself behind a transaction's other notifications: once it is back, they were all heard."""

    __slots__ = ("__weakref__", "event", "message")

    def __init__(self) -> None:
        self.message = f"{_ECHO}{new_id().hex}"
        self.event = asyncio.Event()


class CourseCache:
    """A `FastPath` for `GET /api/courses/{course_id}`."""

    route = f"{PATH}{{course_id}}"

    def __init__(self, maximum_bytes: int = _MAXIMUM_BYTES) -> None:
        self._pages: BoundedCache[str, Page] = BoundedCache(
            maximum_bytes, lambda page: len(page.full.body) + _OVERHEAD_BYTES
        )
        self._fillings: set[Filling] = set()
        self._echoes: WeakValueDictionary[str, Echo] = WeakValueDictionary()
        self._live = False

    def answer(self, principal: Principal, path: str, headers: Mapping[bytes, bytes]) -> Answer | None:
        """The page, where it is remembered and the reader may see it."""
        page = self._pages.get(path)
        if page is None or page.org_id != principal.org_id or not principal.may("courses.read"):
            return None
        tags = headers.get(b"if-none-match")
        return page.answer(tags) if tags is None or len(tags) <= _LONGEST_TAGS else None

    @contextmanager
    def filling(self, course_id: UUID) -> Iterator[Filling]:
        """Surrounds a reading whose result is to be kept: begin it before the database is asked."""
        filling = Filling(f"{PATH}{course_id}", stale=not self._live)
        self._fillings.add(filling)
        try:
            yield filling
        finally:
            self._fillings.discard(filling)

    def keep(self, filling: Filling, page: Page) -> None:
        """Remember what was read, unless it changed meanwhile."""
        if not filling.stale:
            self._pages.put(filling.path, page)

    def echo(self) -> Echo | None:
        """A message for the end of a transaction that changes courses; None while nothing is remembered anyway."""
        if not self._live:
            return None
        echo = Echo()
        self._echoes[echo.message] = echo
        return echo

    async def caught_up(self, echo: Echo) -> None:
        """Wait, after the commit, until the transaction's notifications were heard; forget all if they are not."""
        try:
            await asyncio.wait_for(echo.event.wait(), _ECHO_SECONDS)
        except TimeoutError:
            self._forget_all()

    def on_message(self, message: str) -> None:
        """Take in a message of the channel."""
        if message.startswith(_ECHO):
            if (echo := self._echoes.get(message)) is not None:
                echo.event.set()
        elif message.startswith(_ORGANISATION):
            self._forget_organisation(UUID(message.removeprefix(_ORGANISATION)))
        else:
            self._forget(f"{PATH}{message}")

    def on_state(self, live: bool) -> None:
        """Take in that messages flow, or that some may have been missed."""
        self._live = live
        self._forget_all()
        for echo in list(self._echoes.values()):
            echo.event.set()

    def _forget(self, path: str) -> None:
        self._pages.discard(path)
        for filling in self._fillings:
            if filling.path == path:
                filling.stale = True

    def _forget_organisation(self, org_id: UUID) -> None:
        for path in [path for path, page in self._pages if page.org_id == org_id]:
            self._pages.discard(path)
        self._spoil_fillings()

    def _forget_all(self) -> None:
        self._pages.clear()
        self._spoil_fillings()

    def _spoil_fillings(self) -> None:
        for filling in self._fillings:
            filling.stale = True
