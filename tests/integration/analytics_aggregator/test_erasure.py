"""What analytics holds on a person: handed out, and erased."""

from __future__ import annotations

import asyncio
import io
import json
import zipfile
from typing import Any

import pytest

from actors.analytics_aggregator.rebuild import rebuild
from stores import events
from stores.events import Event
from tests.integration.analytics_aggregator.support import ANALYTICS_TABLES, NO_WAIT, Held, Log, drain, now
from tests.platform import Account, Platform


def viewed(person: Account) -> Event:
    return Event(
        topic="analytics_events", type="page.viewed.v1", source="/test", subject=str(person.id), key=str(person.id),
        org_id=person.org.id, data={"user_id": person.id}, time=now(),
    )  # fmt: skip


async def pseudonym(log: Log, person: Account) -> Any:
    [row] = await log.fetch("select pseudonym from analytics_pseudonyms where user_id = $1", person.id)
    return row["pseudonym"]


async def assert_unlinkable(log: Log, person: Account, former: Any) -> None:
    """No table of analytics has the person's id, and nothing is kept under the former pseudonym."""
    for table in ANALYTICS_TABLES:
        left = json.dumps([[str(value) for value in row.values()] for row in await log.fetch(f"select * from {table}")])
        assert str(person.id) not in left
        assert str(former) not in left


async def views(log: Log) -> int:
    [row] = await log.fetch(
        "select coalesce(sum((counters->>'views')::int), 0)::int as views from analytics_cells"
        " join analytics_generation on current = generation"
        " where org_id = '00000000-0000-0000-0000-000000000000' and grain = 0"
    )
    return int(row["views"])


async def test_the_export_lists_what_one_did_by_day(log: Log, own_platform: Platform) -> None:
    org = await own_platform.create_organisation()
    person, other = await org.person(fresh=True), await org.person(fresh=True)
    await log.append([viewed(person), viewed(person), viewed(other)])
    await log.aggregate()
    answer = await person.http.get("/api/users/me/export")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        days = json.loads(archive.read("learning_days.json"))
        assert str(await pseudonym(log, person)) not in archive.read("learning_days.json").decode()
    assert {day["day"] for day in days} <= {f"{now():%Y-%m-%d}", f"{viewed(person).time:%Y-%m-%d}"}
    minutes = [counters for day in days for counters in day["minutes"].values()]
    assert sum(counters.get("views", 0) for counters in minutes) == 2
    assert sum(counters.get("sign_ins", 0) for counters in minutes) == 1


async def test_an_erasure_leaves_nothing_that_could_be_linked(log: Log, own_platform: Platform) -> None:
    org = await own_platform.create_organisation()
    admin, person, other = await org.person("org_admin"), await org.person(fresh=True), await org.person(fresh=True)
    await log.append([viewed(person), viewed(other)])
    consumer = log.consumer()
    await drain(consumer)
    former = await pseudonym(log, person)
    answer = await admin.http.post(f"/api/users/{person.id}/erase")
    assert answer.json()["counts"]["learning_days"] == len({viewed(person).time.date()})
    await assert_unlinkable(log, person, former)
    await log.append([viewed(person)])  # comes late, while the pseudonym is still remembered
    await drain(consumer)
    await assert_unlinkable(log, person, former)
    await log.append([viewed(person)])
    await log.aggregate()  # by somebody who never knew it
    await assert_unlinkable(log, person, former)
    assert await views(log) == 4  # they count all the same
    await rebuild(log.database)
    await assert_unlinkable(log, person, former)
    assert await views(log) == 4
    assert await log.fetch("select from analytics_pseudonyms where user_id = $1", other.id)


@pytest.mark.parametrize("is_known", [False, True])
async def test_an_erasure_waits_for_figures_that_are_being_written(
    log: Log, own_platform: Platform, is_known: bool
) -> None:
    org = await own_platform.create_organisation()
    admin, person = await org.person("org_admin"), await org.person(fresh=True)
    await log.append([viewed(person)])
    handler = Held()
    consumer = log.consumer(handler=handler)
    if is_known:
        handler.go_on.set()
        await drain(consumer)
        handler.is_held.clear()
        handler.go_on.clear()
        await log.append([viewed(person)])
    writing = asyncio.create_task(consumer.turn(NO_WAIT))
    await handler.is_held.wait()
    erasing = asyncio.create_task(admin.http.post(f"/api/users/{person.id}/erase"))
    await asyncio.sleep(0.3)
    assert not erasing.done()
    handler.go_on.set()
    await writing
    assert (await erasing).status_code == 200
    await drain(consumer)
    for table in ANALYTICS_TABLES[1:]:
        assert await _rows_of(log, table, person) == 0


async def _rows_of(log: Log, table: str, person: Account) -> int:
    """Rows of days that no pseudonym stands behind, and pseudonyms of the person."""
    if table == "analytics_pseudonyms":
        return len(await log.fetch("select from analytics_pseudonyms where user_id = $1", person.id))
    if table == "analytics_learner_days":
        return len(
            await log.fetch(
                "select from analytics_learner_days d where not exists"
                " (select from analytics_pseudonyms p where p.org_id = d.org_id and p.pseudonym = d.learner)"
            )
        )
    return 0


async def test_figures_wait_for_an_erasure_that_is_under_way(log: Log, own_platform: Platform) -> None:
    org = await own_platform.create_organisation()
    person = await org.person(fresh=True)
    async with own_platform.database.transaction(org.id) as erasure:
        await erasure.execute("select pg_advisory_xact_lock(hashtext('azora.analytics.people'))")
        async with log.database.transaction(None) as connection:
            await events.append(connection, [viewed(person)])
        writing = asyncio.create_task(drain(log.consumer()))
        await asyncio.sleep(0.3)
        assert not writing.done()
        await erasure.execute("update users set status = 'erased' where id = $1", person.id)
    await writing
    assert await log.fetch("select from analytics_pseudonyms where user_id = $1", person.id) == []
