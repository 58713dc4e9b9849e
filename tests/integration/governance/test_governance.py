"""The audit log and the constitution over HTTP."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
import pytest

from actors.governor.law import Law, governor
from actors.governor.recording import plan_record
from configs.settings import Settings
from learning.governance.vocabulary import DataClass, Verdict
from stores import audit
from stores.audit import PLATFORM
from stores.audit.chain import GENESIS, link
from stores.ids import new_id
from tests.integration.audit.support import Chain
from tests.platform import Organisation, Platform
from tests.unit.governance.support import plan, shipped, step

AUDIT, CONSTITUTION = "/api/governance/audit", "/api/governance/constitution"


@pytest.fixture
async def org(platform: Platform) -> Organisation:
    return await platform.create_organisation()


@pytest.fixture
async def chain(settings: Settings) -> AsyncIterator[Chain]:
    async with Chain.opened(settings) as opened:
        yield opened


async def _entries(org: Organisation, **wanted: Any) -> list[dict[str, Any]]:
    auditor = await org.person("auditor")
    answer = await auditor.http.get(f"{AUDIT}/entries", params=wanted)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def test_an_auditor_finds_who_did_what(org: Organisation, chain: Chain) -> None:
    admin, person = await org.person("org_admin"), await org.person()
    await admin.http.put(f"/api/users/{person.id}/role", json={"role": "instructor"})
    await org.person("auditor")
    await chain.sealer.run()
    [entry] = await _entries(org, action="user.role_changed")
    assert (entry["actor"], entry["subject"]) == (str(admin.id), str(person.id))
    assert entry["details"] == {"previous_role": "student", "role": "instructor"}
    assert [e["number"] for e in await _entries(org, subject=str(person.id))] != []
    assert await _entries(org, actor=str(new_id())) == []
    assert {e["action"] for e in await _entries(org, action="session.")} == {"session.started"}
    assert await _entries(org, until=entry["recorded_at"], action="user.role_changed") == []
    assert len(await _entries(org, since=entry["recorded_at"], action="user.role_changed")) == 1


async def test_pages_go_through_the_whole_log(org: Organisation, chain: Chain) -> None:
    auditor = await org.person("auditor")
    chain.org_id = org.id
    await chain.filled(7)
    numbers: list[int] = []
    cursor = None
    while True:
        page = (
            await auditor.http.get(f"{AUDIT}/entries", params={"limit": 3, **({"cursor": cursor} if cursor else {})})
        ).json()
        numbers += [entry["number"] for entry in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert numbers == list(range(8, 0, -1))


async def test_an_export_proves_itself(org: Organisation, chain: Chain) -> None:
    auditor = await org.person("auditor")
    chain.org_id = org.id
    await chain.filled(5)
    answer = await auditor.http.get(f"{AUDIT}/export")
    *entries, last = [orjson.loads(line) for line in answer.content.splitlines()]
    previous = GENESIS
    for number, entry in enumerate(entries, start=1):
        previous = link(previous, number, datetime.fromisoformat(entry["recorded_at"]), org.id, entry["body"])
        assert entry["hash"] == previous.hex()
    assert last["head"]["hash"] == previous.hex()
    assert (await auditor.http.get(f"{AUDIT}/head")).json()["token"] == last["head"]["token"]
    assert (await auditor.http.get(f"{AUDIT}/keys")).json()["keys"]
    await chain.sealer.run()
    [entry] = await _entries(org, action="audit.exported")
    assert entry["actor"] == str(auditor.id)


async def test_an_export_for_spreadsheets(org: Organisation, chain: Chain) -> None:
    auditor = await org.person("auditor")
    chain.org_id = org.id
    await chain.filled(3)
    answer = await auditor.http.get(f"{AUDIT}/export", params={"format": "csv", "action": "session.started"})
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["number"] for row in rows] == ["1", "2", "3", "4"]
    assert rows[1]["details"] == '{"n":0}'


async def test_nobody_sees_another_organisation_s_log(org: Organisation, platform: Platform, chain: Chain) -> None:
    chain.org_id = org.id
    await chain.filled(3)
    other = await platform.create_organisation()
    stranger = await other.person("auditor")
    await chain.sealer.run()
    seen = (await stranger.http.get(f"{AUDIT}/entries")).json()["items"]
    assert [entry["subject"] for entry in seen] == [str(stranger.id)]
    assert (await stranger.http.get(f"{AUDIT}/platform/entries")).status_code == 403


async def test_who_runs_the_platform_reads_its_own_log(org: Organisation, chain: Chain) -> None:
    operator = await org.person("platform_admin")
    await operator.http.post("/api/sessions/keys/rotate")
    await chain.sealer.run()
    answer = await operator.http.get(f"{AUDIT}/platform/entries", params={"action": "signing_key.rotated"})
    assert str(operator.id) in {entry["actor"] for entry in answer.json()["items"]}
    exported = await operator.http.get(f"{AUDIT}/platform/export", params={"action": "signing_key.rotated"})
    assert str(operator.id) in exported.text
    chain.org_id = PLATFORM
    assert (await chain.verify()).holds


async def _propose(org: Organisation, document: dict[str, Any], role: str = "org_admin") -> Any:
    person = await org.person(role)
    return await person.http.post(f"{CONSTITUTION}/versions", json={"document": document, "note": "stricter"})


async def test_the_platform_s_own_holds_until_another_is_activated(org: Organisation, platform: Platform) -> None:
    admin = await org.person("org_admin")
    before = (await admin.http.get(CONSTITUTION)).json()
    assert (before["number"], len(before["document"]["constraints"])) == (0, 5)
    made = await _propose(org, shipped(many_people={"action": "refuse", "parameters": {"people": 5}}))
    assert (made.status_code, made.json()["number"], made.json()["in_force"]) == (201, 1, False)
    assert (await admin.http.get(CONSTITUTION)).json()["number"] == 0
    law = Law(platform.database)
    await law.in_force(org.id)
    activated = await admin.http.post(f"{CONSTITUTION}/versions/1/activate")
    assert activated.status_code == 200
    after = (await admin.http.get(CONSTITUTION)).json()
    assert (after["number"], after["activated_by"], after["document"]["version"]) == (1, str(admin.id), "1")
    law.forget(org.id)
    assert (await law.in_force(org.id)).digest == after["digest"]
    assert (await admin.http.get(f"{CONSTITUTION}/versions")).json()["items"][0]["in_force"]
    assert (await admin.http.post(f"{CONSTITUTION}/versions/0/activate")).json()["digest"] == before["digest"]


async def test_what_a_constitution_may_not_say_is_refused_with_the_place(org: Organisation) -> None:
    document = shipped()
    del document["constraints"]["user_privacy"]
    answer = await _propose(org, document)
    assert answer.status_code == 422
    assert "user_privacy" in answer.text
    weak = shipped(outside_plan={"action": "note"})
    assert (await _propose(org, weak)).status_code == 422


@pytest.mark.parametrize("role", ["student", "instructor", "auditor"])
async def test_only_administrators_change_it(org: Organisation, role: str) -> None:
    await _propose(org, shipped())
    person = await org.person(role)
    assert (await _propose(org, shipped(), role)).status_code == 403
    for act in ("trial", "activate"):
        assert (await person.http.post(f"{CONSTITUTION}/versions/1/{act}")).status_code == 403


async def test_another_organisation_s_version_is_no_version(org: Organisation, platform: Platform) -> None:
    await _propose(org, shipped())
    other = await (await platform.create_organisation()).person("org_admin")
    for path in ("trial", "activate"):
        assert (await other.http.post(f"{CONSTITUTION}/versions/1/{path}")).status_code == 404
    assert (await other.http.get(f"{CONSTITUTION}/versions/1")).status_code == 404


async def test_a_version_is_tried_on_plans_of_the_past(org: Organisation, platform: Platform, chain: Chain) -> None:
    admin = await org.person("org_admin")
    about = frozenset({DataClass.PERSONAL})
    plans = [
        plan(step(data=about, subjects=count), org_id=org.id, task_id=UUID(int=count), asker_id=admin.id)
        for count in (1, 10, 100)
    ]
    judge = governor(platform.database)
    for judged in plans:
        decision = await judge.judge_plan(judged)
        assert decision.verdict is Verdict.APPROVAL
        async with platform.database.transaction(org.id) as connection:
            made = plan_record(judged, decision)
            await audit.append(connection, [made.entry])
            await connection.execute(
                "insert into judged_plans (org_id, task_id, shape, verdict) values ($1, $2, $3, $4)",
                org.id, judged.task_id, made.shape, made.verdict,
            )  # fmt: skip
    await _propose(org, shipped(many_people={"action": "refuse", "parameters": {"people": 5}}))
    tried = (await admin.http.post(f"{CONSTITUTION}/versions/1/trial")).json()
    assert (tried["plans"], tried["refused"], tried["waiting"], tried["changed"]) == (3, 2, 1, 2)
    assert {example["task_id"] for example in tried["examples"]} == {str(UUID(int=10)), str(UUID(int=100))}
    assert tried["examples"][0]["checks"] == ["many_people"]
    await org.person("auditor")
    await chain.sealer.run()
    judgements = await _entries(org, action="plan.judged")
    assert [entry["details"]["decision"]["verdict"] for entry in judgements] == ["approval"] * 3
    changes = await _entries(org, action="constitution.")
    assert [entry["action"] for entry in changes] == ["constitution.tried", "constitution.proposed"]


async def test_the_database_refuses_to_change_a_version(org: Organisation, platform: Platform) -> None:
    await _propose(org, shipped())
    for statement in ("update constitutions set note = ''", "delete from constitutions", "delete from judged_plans"):
        with pytest.raises(Exception, match="refused"):
            async with platform.database.transaction(org.id) as connection:
                await connection.execute(statement)
