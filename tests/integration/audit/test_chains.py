"""Entries are chained without gaps, in order, whoever writes and whatever dies; the application can only add."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress

import asyncpg
import orjson
import pytest

from stores import audit
from stores.errors import StoreError
from stores.ids import new_id
from tests.integration.audit.support import Chain


async def test_entries_of_a_transaction_are_chained_in_their_order(chain: Chain) -> None:
    await chain.filled(5, batches=3)
    rows = await chain.rows()
    assert [row["number"] for row in rows] == list(range(1, 16))
    assert [orjson.loads(row["body"])["details"]["n"] for row in rows] == [0, 1, 2, 3, 4] * 3
    report = await chain.verify()
    assert (report.holds, report.entries, report.waiting) == (True, 15, 0)
    assert await chain.remembered() == report.head


async def test_what_is_rolled_back_leaves_no_entry_and_no_gap(chain: Chain) -> None:
    await chain.write(2)
    with suppress(ZeroDivisionError):
        async with chain.app.transaction(chain.org_id) as connection:
            await audit.append(connection, [chain.entry(9)])
            raise ZeroDivisionError
    await chain.write(2)
    await chain.sealer.run()
    assert [row["number"] for row in await chain.rows()] == [1, 2, 3, 4]


async def test_a_later_effect_is_chained_after_the_one_it_waited_for(chain: Chain) -> None:
    lock = "select pg_advisory_xact_lock(hashtext($1))"
    async with chain.app.transaction(chain.org_id) as early:
        await early.execute("select pg_current_xact_id()")  # has the smaller number
        async with chain.app.transaction(chain.org_id) as first:
            await first.execute(lock, str(chain.org_id))
            waiting = asyncio.create_task(early.execute(lock, str(chain.org_id)))
            await audit.append(first, [chain.entry(1)])
        await waiting
        await audit.append(early, [chain.entry(2)])
    await chain.sealer.run()
    assert [orjson.loads(row["body"])["details"]["n"] for row in await chain.rows()] == [1, 2]


async def test_twenty_writers_crashes_and_several_sealers(chain: Chain) -> None:
    committed = 0

    async def write(writer: int) -> None:
        nonlocal committed
        for number in range(30):
            fate = random.random()
            try:
                async with chain.app.transaction(chain.org_id) as connection:
                    await audit.append(connection, [chain.entry(number, details={"w": writer, "n": number})])
                    if fate < 0.1:
                        await connection.execute("select pg_terminate_backend(pg_backend_pid())")
                    if fate < 0.2:
                        raise ZeroDivisionError
                committed += 1
            except (StoreError, ZeroDivisionError):
                continue

    async def seal() -> None:
        sealer = chain.fresh_sealer()
        while not done.is_set():
            task = asyncio.create_task(sealer.run())
            await asyncio.sleep(random.random() / 50)
            if random.random() < 0.3:
                task.cancel()  # dies in the middle
                sealer = chain.fresh_sealer()
            with suppress(asyncio.CancelledError, StoreError):
                await task

    done = asyncio.Event()
    sealers = [asyncio.create_task(seal()) for _ in range(3)]
    await asyncio.gather(*(write(writer) for writer in range(20)))
    done.set()
    await asyncio.gather(*sealers)
    await chain.fresh_sealer().run()
    rows = await chain.rows()
    assert [row["number"] for row in rows] == list(range(1, committed + 1))
    per_writer: dict[int, list[int]] = {}
    for row in rows:
        details = orjson.loads(row["body"])["details"]
        per_writer.setdefault(details["w"], []).append(details["n"])
    assert all(numbers == sorted(set(numbers)) for numbers in per_writer.values())
    assert (await chain.verify()).holds


async def test_chains_are_verified_while_they_grow(chain: Chain) -> None:
    await chain.filled(50)

    async def grow() -> None:
        for _ in range(20):
            await chain.filled(20)

    growing = asyncio.create_task(grow())
    while not growing.done():
        assert (await chain.verify()).holds
    await growing
    assert (await chain.verify()).entries == 450


@pytest.mark.parametrize("role", ["app", "system"])
@pytest.mark.parametrize(
    "statement",
    [
        "update audit_log set body = '{}'",
        "delete from audit_log",
        "truncate audit_log",
        "insert into audit_log (org_id, number, recorded_at, body, hash) values ($1, 1, now(), '{}', '')",
        "update audit_pending set body = '{}'",
        "delete from audit_pending",
        'insert into audit_pending (org_id, body, recorded_at) values ($1, \'{"action": "a.b"}\', now())',
        "update audit_chains set number = 0",
        "delete from audit_chains",
        "delete from audit_checkpoints",
        "alter table audit_log disable trigger final",
    ],
)
async def test_the_application_can_neither_change_nor_delete(chain: Chain, role: str, statement: str) -> None:
    await chain.filled(1)
    database = chain.app if role == "app" else chain.system
    with pytest.raises(StoreError) as refusal:
        async with database.transaction(chain.org_id) as connection:
            await connection.execute(statement, *([chain.org_id] if "$1" in statement else []))
    assert isinstance(refusal.value.__cause__, asyncpg.InsufficientPrivilegeError)


async def test_requests_cannot_seal(chain: Chain) -> None:
    with pytest.raises(StoreError):
        async with chain.app.transaction(chain.org_id) as connection:
            await connection.execute("select seal_audit($1, 0, null, 10)", chain.org_id)


async def test_not_even_the_owner_changes_an_entry_by_mistake(chain: Chain) -> None:
    await chain.filled(1)
    assert chain.settings.database_url is not None
    owner = await asyncpg.connect(chain.settings.database_url.get_secret_value())
    for statement in ("update audit_log set number = number", "delete from audit_log", "truncate audit_log"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="never changed"):
            await owner.execute(statement)
    await owner.close()


async def test_tenants_do_not_see_one_another(chain: Chain) -> None:
    await chain.filled(3)
    await chain.write(1)
    async with chain.app.transaction(new_id()) as connection:
        for table in ("audit_pending", "audit_log", "audit_chains", "audit_checkpoints"):
            assert await connection.fetchval(f"select count(*) from {table}") == 0
    with pytest.raises(StoreError):
        async with chain.app.transaction(new_id()) as connection:
            await audit.append(connection, [chain.entry()])


@pytest.mark.parametrize(
    "body", ["[]", "no json", '{"action": "x"}', '{"act": 1}', '{"action": "a.b", "x": "\\u0000"}']
)
async def test_what_could_not_be_chained_is_refused_when_it_is_written(chain: Chain, body: str) -> None:
    with pytest.raises(StoreError):
        async with chain.app.transaction(chain.org_id) as connection:
            await connection.execute("insert into audit_pending (org_id, body) values ($1, $2)", chain.org_id, body)
