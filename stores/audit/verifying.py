"""Whether a chain holds: every entry, its number and its place, the signed end, the ends of the past."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson

from stores.audit.chain import link
from stores.audit.heads import Head, KeyOf
from stores.postgres import Database
from stores.queries import load_queries

_queries = load_queries(__file__)
_ROWS_AT_ONCE = 10_000
# Fetched at once, for there may be millions.
_ENTRIES_AFTER = """
select number, recorded_at, body, hash, action, actor, subject
  from audit_log
 where org_id = $1 and number > $2
 order by number
 limit $3
"""
# Of each chain no more problems than these are told one by one: after a first break there may be millions.
MOST_PROBLEMS = 20


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, from which entry on (0: with the chain as a whole)."""

    org_id: UUID
    number: int
    text: str


@dataclass(slots=True)
class Report:
    """What the verification of one chain came to."""

    org_id: UUID
    entries: int = 0
    head: Head | None = None
    waiting: int = 0
    waiting_seconds: float = 0.0
    problems: list[Problem] = field(default_factory=list)
    problem_count: int = 0

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong."""
        return self.problem_count == 0

    def add(self, number: int, text: str) -> None:
        self.problem_count += 1
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(Problem(self.org_id, number, text))


@dataclass(frozen=True, slots=True)
class KnownChain:
    """A chain, and how many entries it says it has."""

    org_id: UUID
    number: int


async def chains(database: Database, also: Sequence[UUID] = ()) -> list[KnownChain]:
    """Every chain of which anything is kept, and those in `also`, of which something is known from elsewhere."""
    async with database.single_statements() as connection:
        found = {UUID(str(row["org_id"])): row["number"] async for row in _queries.chains(connection)}
    return [KnownChain(org_id, found.get(org_id, 0)) for org_id in sorted({*found, *also})]


class Verifier:
    """Reads chains from beginning to end. `database` may be under any role that sees them."""

    def __init__(self, database: Database, key_of: KeyOf, known: Mapping[UUID, Sequence[Head]] | None = None) -> None:
        """`known` are heads that were kept elsewhere: in Valkey, in a file."""
        self._database = database
        self._key_of = key_of
        self._known = known or {}

    async def verify(self, org_id: UUID, advance: Callable[[int], None] = lambda count: None) -> Report:
        """Verify one chain; `advance` hears how many entries were read. Raises `StoreUnavailable`."""
        report = Report(org_id)
        expected = await self._expected(report)
        at = await self._read(report, Head(org_id), expected, advance)
        at = await self._end(report, at, expected, advance)
        for number in sorted(expected):
            if number > at.number:
                report.add(number, "there was such an entry, and it is gone")
        await self._waiting(report)
        report.head = at
        return report

    async def _expected(self, report: Report) -> dict[int, bytes]:
        """What entries of certain numbers hashed to, by what was signed or kept elsewhere."""
        expected: dict[int, bytes] = {}
        heads = [head for head in self._known.get(report.org_id, ()) if head.number]
        async with self._database.transaction(report.org_id, readonly=True) as connection:
            rows = [row async for row in _queries.checkpoints(connection, org_id=report.org_id)]
        for row in rows:
            head = Head.of_token(row["token"], self._key_of)
            if head is None or (head.org_id, head.number) != (report.org_id, row["number"]):
                report.add(row["number"], "its checkpoint is not signed by us")
            else:
                heads.append(head)
        for head in heads:
            if expected.setdefault(head.number, head.hash) != head.hash:
                report.add(head.number, "two records of what it hashed to differ")
        return expected

    async def _read(
        self, report: Report, at: Head, expected: Mapping[int, bytes], advance: Callable[[int], None]
    ) -> Head:
        number, previous = at.number, at.hash
        async for rows in self._batches(report.org_id, number):
            for row in rows:
                if row["number"] != number + 1:
                    report.add(number + 1, _gap(number + 1, row["number"] - 1))
                number = row["number"]
                wanted = link(previous, number, row["recorded_at"], report.org_id, row["body"])
                if wanted != row["hash"]:
                    report.add(number, "it, or the one before it, is not what was chained")
                elif not _columns_agree(row):
                    report.add(number, "what it is found by is not what it says")
                if number in expected and expected[number] != row["hash"]:
                    report.add(number, "it is not the entry that was here")
                previous = row["hash"]
            report.entries += len(rows)
            advance(len(rows))
        return Head(report.org_id, number, previous)

    async def _batches(self, org_id: UUID, after: int) -> AsyncIterator[list[Any]]:
        while True:
            async with self._database.transaction(org_id, readonly=True) as connection:
                rows = await connection.fetch(_ENTRIES_AFTER, org_id, after, _ROWS_AT_ONCE)
            if not rows:
                return
            yield rows
            after = rows[-1]["number"]

    async def _end(self, report: Report, at: Head, expected: dict[int, bytes], advance: Callable[[int], None]) -> Head:
        """Compare with the recorded end, which was read after the entries: it can be further on, never behind them."""
        async with self._database.transaction(report.org_id, readonly=True) as connection:
            row = await _queries.chain(connection, org_id=report.org_id)
        end = Head(report.org_id, row["number"], row["hash"]) if row else Head(report.org_id)
        if end.number and (row["token"] is None or Head.of_token(row["token"], self._key_of) != end):
            report.add(end.number, "the recorded end is not signed by us")
        if end.number < at.number:
            report.add(end.number + 1, "it, and what follows, is behind the recorded end")
        elif end.number == at.number:
            if end.hash != at.hash:
                report.add(end.number, "it is not the recorded end")
        else:
            expected.setdefault(end.number, end.hash)
            at = await self._read(report, at, expected, advance)
            if at.number < end.number:
                report.add(at.number + 1, _gap(at.number + 1, end.number))
        return at

    async def _waiting(self, report: Report) -> None:
        async with self._database.transaction(report.org_id, readonly=True) as connection:
            row = await _queries.waiting_of(connection, org_id=report.org_id)
        report.waiting, report.waiting_seconds = row["entries"], row["seconds"]


def _gap(first: int, last: int) -> str:
    if last < first:
        return f"entry {first} is there twice or out of order"
    return "it is missing" if first == last else f"it and all up to {last} are missing"


def _columns_agree(row: Any) -> bool:
    said = orjson.loads(row["body"])
    return all(row[name] == said.get(name) for name in ("action", "actor", "subject"))
