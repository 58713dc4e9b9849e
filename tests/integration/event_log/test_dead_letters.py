"""Events that cannot be digested are set aside with the reason, and the others pass."""

from __future__ import annotations

from typing import Any

import pytest

from stores.errors import StoreError
from stores.event_log import dead_letters
from stores.event_log.dead_letters import DeadLetter
from stores.events.reading import Recorded
from stores.ids import new_id
from stores.postgres import Connection
from tests.integration.event_log.support import NO_WAIT, Ledger, Log, drain


async def _letters(log: Log, consumer: str) -> list[DeadLetter]:
    async with log.database.transaction(None) as connection:
        return await dead_letters.find(connection, consumer=consumer)


async def test_what_is_no_event_is_set_aside(log: Log) -> None:
    ledger = Ledger(log)
    await log.append(["good"])
    await log.append(["bad data"], data={"course_id": 7})
    await log.append(["bad envelope"], id="\u0001")
    await log.append(["newer version"], type="azora.course.deleted.v9")
    await log.append(["nobody's"], type="azora.telescope.pointed.v1")
    async with log.database.transaction(None) as connection:
        await connection.execute(
            "insert into outbox (id, org_id, topic, key, partition, event) values ($1, $2, $3, 'k', 0, '[1]')",
            new_id(), log.org_id, log.topic,
        )  # fmt: skip
    await log.append(["good too"])
    consumer = log.consumer(ledger)
    assert await drain(consumer) == 7
    assert await log.effects(ledger.consumer) == ["good", "good too"]
    letters = {letter.reason: letter for letter in await _letters(log, ledger.consumer)}
    assert letters.keys() == {"invalid-data", "malformed-envelope", "unknown-version", "no-json-object"}
    assert "course_id" in letters["invalid-data"].detail
    assert letters["invalid-data"].org_id == log.org_id
    assert letters["unknown-version"].event_type == "azora.course.deleted.v9"
    assert letters["no-json-object"].body == b"[1]"
    assert (consumer.figures.events, consumer.figures.rejected) == (2, 4)


async def test_the_events_that_a_handler_fails_on_are_found(log: Log) -> None:
    poison = {"7", "8", "300", "499"}

    def refuse(event: Recorded) -> None:
        if event.subject in poison:
            raise ValueError(f"cannot stomach {event.subject}\x00")

    ledger = Ledger(log, refuse=refuse)
    await log.fill(500)
    await drain(log.consumer(ledger))
    found = await log.effects(ledger.consumer)
    assert sorted(found, key=int) == [str(number) for number in range(500) if str(number) not in poison]
    for partition in range(4):  # and the others have kept their order
        mine = [int(subject) for subject in found if int(subject) % 4 == partition]
        assert mine == sorted(mine)
    letters = await _letters(log, ledger.consumer)
    assert {letter.reason for letter in letters} == {"handler-failed"}
    assert {letter.detail for letter in letters} == {f"ValueError: cannot stomach {number}" for number in poison}


class Strict(Ledger):
    """Has the database refuse: at once, at the commit, or because what it asks for is not there."""

    async def handle(self, connection: Connection, batches: Any) -> None:
        for batch in batches:
            for event in batch.events:
                match event.subject:
                    case "too large":
                        await connection.execute("insert into test_effects (figure) values ($1)", 2**40)
                    case "divided":
                        await connection.execute("select 1 / 0")
                    case "late":
                        await connection.execute("insert into test_late (id) values (gen_random_uuid())")
                    case "missing":
                        await connection.execute("select * from no_such_table")
        await super().handle(connection, batches)


async def test_events_that_the_database_refuses_are_set_aside(log: Log) -> None:
    await log.execute_as_owner(
        "create table test_late (id uuid references organisations deferrable initially deferred);"
        "grant all on test_late to azora_system"
    )
    try:
        ledger = Strict(log)
        await log.append(["one", "too large", "two", "divided", "three", "late", "four"])
        await drain(log.consumer(ledger))
        assert await log.effects(ledger.consumer) == ["one", "two", "three", "four"]
        assert len(await _letters(log, ledger.consumer)) == 3
    finally:
        await log.execute_as_owner("drop table test_late")


async def test_a_fault_of_the_schema_is_held_against_no_event(log: Log) -> None:
    ledger = Strict(log)
    await log.append(["one", "missing"])
    consumer = log.consumer(ledger)
    with pytest.raises(StoreError):
        await consumer.turn(NO_WAIT)
    assert await _letters(log, ledger.consumer) == []
    assert await log.effects(ledger.consumer) == []


async def test_letters_are_replayed_where_it_helps(log: Log) -> None:
    broken = {"a", "b"}

    def refuse(event: Recorded) -> None:
        if event.subject in broken:
            raise ValueError(event.subject)

    ledger = Ledger(log, refuse=refuse)
    consumer = log.consumer(ledger)
    await log.append(["a", "b", "c"])
    await drain(consumer)
    broken.remove("a")
    async with log.database.transaction(None) as connection:
        assert await dead_letters.request_replay(connection, consumer=ledger.consumer) == 2
        assert await dead_letters.request_replay(connection, consumer=ledger.consumer) == 0
    consumer._replays.due_at = 0
    await drain(consumer)
    assert await log.effects(ledger.consumer) == ["c", "a"]
    [left] = await _letters(log, ledger.consumer)
    assert (left.detail, left.attempts, left.replay_requested_at) == ("ValueError: b", 2, None)
    assert (consumer.figures.replayed, consumer.figures.events) == (1, 1)
    consumer._replays.due_at = 0
    await drain(consumer)
    assert await log.effects(ledger.consumer) == ["c", "a"]
    async with log.database.transaction(None) as connection:
        assert await dead_letters.discard(connection, ids=[left.id]) == 1
    assert await _letters(log, ledger.consumer) == []
