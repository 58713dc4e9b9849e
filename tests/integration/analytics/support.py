"""Events made up in memory, folded by the real aggregator, and a naive count of them to compare with."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import httpx
import orjson

from actors.analytics_aggregator.handler import CONSUMER, AnalyticsHandler
from deployments.kit.service import ServiceHost
from stores.event_log.types import Batch
from stores.events import TOPICS, Event, decode, partition_of
from stores.ids import new_id
from stores.postgres import Database
from tests.patience import PATIENCE_SECONDS
from tests.platform import Account, Organisation, Platform

BASE = "/api/analytics"
PARTITIONS = 4
NOW = datetime.now(UTC).replace(microsecond=0)


def ok(answer: httpx.Response, status: int = 200) -> Any:
    assert answer.status_code == status, answer.text
    return answer.json()


def refused(answer: httpx.Response, status: int, kind: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    body: dict[str, Any] = answer.json()
    assert body["type"] == f"urn:azora:problem:{kind}", body
    return body


async def fold(platform: Platform, events: Iterable[Event]) -> None:
    """Have the real aggregator take events, in one transaction, as its consumer would."""
    batches: dict[int, list[Any]] = defaultdict(list)
    for event in events:
        recorded = decode(event.envelope())
        assert recorded is not None
        batches[partition_of(event.key, PARTITIONS)].append(recorded)
    database = Database.from_settings(platform.settings, role="azora_system")
    try:
        async with database.transaction(None) as connection:
            await connection.execute(
                "insert into event_consumers (name, topics) values ($1, $2) on conflict do nothing",
                CONSUMER, list(TOPICS),
            )  # fmt: skip
            prepared = []
            for partition, recorded_events in sorted(batches.items()):
                version = await connection.fetchval(
                    "insert into event_claims as c (consumer, partition, version) values ($1, $2, 1)"
                    " on conflict (consumer, partition) do update set version = c.version + 1 returning version",
                    CONSUMER, partition,
                )  # fmt: skip
                prepared.append(Batch(partition, version, recorded_events))
            await AnalyticsHandler().handle(connection, prepared)
    finally:
        await database.close()


@dataclass
class Life:
    """One learner in one course: publishes events that chain, and knows where it stands."""

    org_id: UUID
    user_id: UUID
    course_id: UUID
    enrollment_id: UUID = field(default_factory=new_id)
    status: str | None = None
    progress: Decimal = Decimal(0)
    enrolled_at: datetime | None = None
    events: list[Event] = field(default_factory=list)

    def tell(
        self, type: str, time: datetime, *, status: str | None = None, progress: Decimal | None = None, **data: Any
    ) -> None:
        before, before_progress = self.status, self.progress
        self.status = status or self.status
        self.progress = self.progress if progress is None else progress
        self.events.append(
            Event(
                topic="enrollment_events", type=f"{type}.v1", source="/test", subject=str(self.enrollment_id),
                key=str(self.user_id), org_id=self.org_id, time=time,
                data={
                    "user_id": self.user_id, "course_id": self.course_id, "enrollment_id": self.enrollment_id,
                    "course_version_id": self.enrollment_id, "status": self.status, "progress": self.progress,
                    "score": None, "previous_status": before, "previous_progress": before_progress,
                    "enrolled_at": self.enrolled_at, **data,
                },
            )
        )  # fmt: skip

    def enrol(self, time: datetime, price: str = "10.00") -> Life:
        self.enrolled_at = time
        self.tell("enrollment.created", time, status="active", price=Decimal(price))
        return self

    def attempt(self, time: datetime, score: str, unit_id: UUID) -> None:
        self.tell(
            "quiz.attempted", time, unit_id=unit_id, attempt_id=new_id(), number=1, points=Decimal(1),
            maximum_points=Decimal(1), quiz_score=Decimal(score), passed=True, questions=[],
        )  # fmt: skip

    def grade(self, time: datetime, grade: str, unit_id: UUID, previous: str | None = None) -> None:
        self.tell(
            "submission.graded", time, unit_id=unit_id, submission_id=new_id(), points=Decimal(1),
            maximum_points=Decimal(1), grade=Decimal(grade), passed=True,
            previous_grade=None if previous is None else Decimal(previous),
        )  # fmt: skip

    def advance(self, time: datetime, progress: str, unit_id: UUID | None = None) -> None:
        self.tell("unit.completed", time, progress=Decimal(progress), unit_id=unit_id or new_id())

    def complete(self, time: datetime) -> None:
        self.tell("enrollment.completed", time, status="completed", progress=Decimal(100))
        self.tell("certificate.issued", time, certificate_id=new_id())

    def drop(self, time: datetime) -> None:
        self.tell("enrollment.dropped", time, status="dropped")


def signed_in(org_id: UUID, user_id: UUID, time: datetime, registered_at: datetime) -> Event:
    return Event(
        topic="user_events", type="session.started.v1", source="/test", subject=str(user_id), key=str(user_id),
        org_id=org_id, time=time,
        data={"user_id": user_id, "session_id": new_id(), "role": "student", "registered_at": registered_at},
    )  # fmt: skip


def reviewed(org_id: UUID, user_id: UUID, course_id: UUID, rating: int) -> Event:
    return Event(
        topic="course_events", type="review.written.v1", source="/test", subject=str(course_id), key=str(user_id),
        org_id=org_id, time=NOW,
        data={
            "user_id": user_id, "course_id": course_id, "rating": rating, "previous_rating": None,
        },
    )  # fmt: skip


async def learners(org: Organisation, count: int) -> list[UUID]:
    """People straight into the table, who never sign in."""
    ids = [new_id() for _ in range(count)]
    async with org.platform.database.transaction(org.id) as connection:
        await connection.executemany(
            "insert into users (id, org_id, email, first_name, last_name, role)"
            " values ($1, $2, $3, 'Test', 'Learner', 'student')",
            [(user_id, org.id, f"{user_id.hex}@example.org") for user_id in ids],
        )
    return ids


@dataclass
class Stream:
    """A client of the stream, right at the ASGI application; events are read one by one."""

    status: int
    headers: dict[str, str]
    _sent: asyncio.Queue[bytes | None]
    _left: asyncio.Event
    _text: bytes = b""

    async def text(self, seconds: float = PATIENCE_SECONDS) -> bytes | None:
        """The next frame as it is; None at the end."""
        while b"\n\n" not in self._text:
            async with asyncio.timeout(seconds):
                chunk = await self._sent.get()
            if chunk is None:
                return None
            self._text += chunk
        frame, _, self._text = self._text.partition(b"\n\n")
        return frame

    async def event(self, seconds: float = PATIENCE_SECONDS) -> tuple[str, Any, str | None]:
        """The next event: name, data, id. Comments and retry lines are passed over."""
        while True:
            frame = await self.text(seconds)
            assert frame is not None, "the stream ended"
            fields = dict(line.split(": ", 1) for line in frame.decode().splitlines() if not line.startswith(":"))
            if "event" in fields:
                return fields["event"], orjson.loads(fields["data"]), fields.get("id")

    async def ended(self, seconds: float = PATIENCE_SECONDS) -> bool:
        """Whether nothing but comments comes before the end."""
        while (frame := await self.text(seconds)) is not None:
            if not frame.startswith(b":"):
                return False
        return True

    def body(self) -> Any:
        return orjson.loads(self._text)


@asynccontextmanager
async def streaming(
    host: ServiceHost, person: Account, query: str, *, last_event_id: str | None = None, room: int = 0,
    draining: Any = bool,
) -> AsyncIterator[Stream]:  # fmt: skip
    """Open a stream; `room` is how many chunks the client takes unread, 0 for any number."""
    headers = [(b"authorization", person.http.headers["authorization"].encode())]
    if last_event_id is not None:
        headers.append((b"last-event-id", last_event_id.encode()))
    scope = {
        "type": "http", "method": "GET", "path": f"{BASE}/stream", "raw_path": b"", "query_string": query.encode(),
        "headers": headers, "client": ("127.0.0.1", 1), "server": ("test", 80), "scheme": "http",
        "http_version": "1.1", "asgi": {"version": "3.0"}, "azora.draining": draining,
    }  # fmt: skip
    sent: asyncio.Queue[bytes | None] = asyncio.Queue(room)
    started: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
    left, asked = asyncio.Event(), False

    async def receive() -> dict[str, Any]:
        nonlocal asked
        if not asked:
            asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await left.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            started.set_result(message)
        else:
            if message.get("body"):
                await sent.put(message["body"])
            if not message.get("more_body"):
                await sent.put(None)

    task = asyncio.create_task(host(scope, receive, send))  # type: ignore[arg-type]
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await asyncio.wait((task, started), return_when=asyncio.FIRST_COMPLETED)
        head = started.result()
        found = {name.decode(): value.decode() for name, value in head["headers"]}
        stream = Stream(head["status"], found, sent, left)
        if head["status"] != 200:
            stream._text = await sent.get() or b""
        yield stream
    finally:
        left.set()
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not task.done():
                while not sent.empty():
                    sent.get_nowait()
                await asyncio.sleep(0.01)
        await task


def days_ago(days: float) -> datetime:
    return NOW - timedelta(days=days)
