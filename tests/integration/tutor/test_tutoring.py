"""Conversations about a course, over HTTP."""

from __future__ import annotations

import asyncio
import io
import json
import zipfile
from uuid import UUID

import pytest

from actors.learner_model.reading import Reader as Tracing
from actors.learner_model.tracing import trace_enrolments
from actors.retrieval_index.member import RetrievalMember
from stores.postgres import Database
from tests.integration.courses.support import create, ok, problem
from tests.integration.retrieval.support import MEDIAN, settled, text
from tests.integration.tutor.support import MODULES, Class, ask, begin
from tests.platform import Platform


async def test_an_answer_quotes_and_names_its_source(taught: Class) -> None:
    conversation = await begin(taught.learner, taught.course)
    turn = await ask(taught.learner, conversation, "How do I find the median of some values?")
    assert turn["kind"] == "answer"
    assert MEDIAN in turn["text"]
    assert turn["sources"][0]["heading"].endswith("Middles")
    assert turn["sources"][0]["completed"] is False
    made_by = {
        "model": "extractive",
        "version": "2",
        "searched": "words and meaning",
        "considered": [],
        "asked_in_vain": None,
    }
    assert turn["made_by"] == made_by | {"version_id": turn["made_by"]["version_id"]}


async def test_a_reply_keeps_the_version_it_was_made_from(taught: Class, system: Database) -> None:
    course = await create(taught.teacher, modules=MODULES)
    conversations, versions = "/api/tutor/conversations", list[str]()
    ok(await taught.teacher.http.post(f"/api/courses/{course}/publish"))
    await settled(system, course)
    conversation = await begin(taught.teacher, course)
    for _ in range(2):
        await ask(taught.teacher, conversation, "How do I find the median of some values?")
        versions.append(ok(await taught.teacher.http.get(f"{conversations}/{conversation}"))["version_id"])
        ok(await taught.teacher.http.post(f"/api/courses/{course}/modules", json={"title": "More"}), 201)
        ok(await taught.teacher.http.post(f"/api/courses/{course}/publish"))
        await settled(system, course)
    turns = ok(await taught.teacher.http.get(f"{conversations}/{conversation}"))["items"]
    assert len(set(versions)) == 2
    assert [turn["made_by"]["version_id"] for turn in turns] == versions


async def test_what_the_course_does_not_cover_is_declined(taught: Class) -> None:
    turn = await ask(taught.learner, await begin(taught.learner, taught.course), "Who won the elections in Peru?")
    assert turn["kind"] == "declined"
    assert turn["sources"] == []


async def test_of_what_is_not_indexed_nothing_is_said(taught: Class, system: Database) -> None:
    course = await create(taught.teacher, modules=MODULES)
    ok(await taught.teacher.http.post(f"/api/courses/{course}/publish"))
    await settled(system, course)
    async with system.transaction(None) as connection:
        await connection.execute("delete from indexed_versions where course_id = $1", UUID(course))
    conversation = await begin(taught.teacher, course)
    turns = f"/api/tutor/conversations/{conversation}/turns"
    refused = await taught.teacher.http.post(turns, json={"text": "Who won the elections in Peru?"})
    problem(refused, 503, "material-not-ready")
    assert int(refused.headers["retry-after"]) > 0
    assert ok(await taught.teacher.http.get(f"/api/tutor/conversations/{conversation}"))["turns"] == 0


async def test_what_waits_to_be_embedded_is_answered_by_words(taught: Class, system: Database) -> None:
    poles = "Like poles of magnets repel each other, and unlike poles attract."
    course = await create(taught.teacher, modules=[{"title": "A module", "units": [text("Poles", poles)]}])
    ok(await taught.teacher.http.post(f"/api/courses/{course}/publish"))
    await settled(system, course)
    async with system.transaction(None) as connection:  # a model's name keeps the index from embedding it again
        await connection.execute(
            "update content_passages set embedding = null, model = 'none' where course_id = $1", UUID(course)
        )
    turn = await ask(taught.teacher, await begin(taught.teacher, course), "What do like poles do?")
    assert (turn["kind"], poles in turn["text"]) == ("answer", True)


async def test_a_follow_up_is_understood(taught: Class) -> None:
    conversation = await begin(taught.learner, taught.course)
    await ask(taught.learner, conversation, "Where do I find the median once values are sorted?")
    turn = await ask(taught.learner, conversation, "And why?")
    assert turn["kind"] == "answer"
    assert MEDIAN in turn["text"]


async def test_it_streams(taught: Class) -> None:
    conversation = await begin(taught.learner, taught.course)
    answer = await taught.learner.http.post(
        f"/api/tutor/conversations/{conversation}/turns", json={"text": "What is the median?"},
        headers={"accept": "text/event-stream"},
    )  # fmt: skip
    assert answer.status_code == 201
    assert answer.headers["content-type"].startswith("text/event-stream")
    events = [dict(line.split(": ", 1) for line in block.splitlines()) for block in answer.text.strip().split("\n\n")]
    whole = json.loads(events[-1]["data"])
    assert "".join(json.loads(event["data"])["text"] for event in events[:-1]) == whole["text"]


async def test_a_repeated_request_asks_once(taught: Class) -> None:
    conversation = await begin(taught.learner, taught.course)
    path, body = f"/api/tutor/conversations/{conversation}/turns", {"text": "What is the median?"}
    first, again = [
        await taught.learner.http.post(path, json=body, headers={"idempotency-key": "once"}) for _ in range(2)
    ]
    assert first.json() == again.json()
    assert ok(await taught.learner.http.get(f"/api/tutor/conversations/{conversation}"))["turns"] == 1


async def test_questions_at_once_are_numbered_one_by_one(taught: Class) -> None:
    conversation = await begin(taught.learner, taught.course)
    turns = await asyncio.gather(*(ask(taught.learner, conversation, f"What is the median, {n}?") for n in range(5)))
    assert sorted(turn["number"] for turn in turns) == [1, 2, 3, 4, 5]


async def test_conversations_are_one_s_own(platform: Platform, taught: Class) -> None:
    conversation = await begin(taught.learner, taught.course)
    stranger = await (await platform.create_organisation()).person("student")
    for other in (stranger, await taught.org.person("org_admin"), taught.teacher):
        problem(await other.http.get(f"/api/tutor/conversations/{conversation}"), 404, "conversation-not-found")
        problem(
            await other.http.post(f"/api/tutor/conversations/{conversation}/turns", json={"text": "What is it?"}),
            404, "conversation-not-found",
        )  # fmt: skip
        problem(await other.http.delete(f"/api/tutor/conversations/{conversation}"), 404, "conversation-not-found")
    mine = ok(
        await taught.learner.http.get("/api/tutor/conversations", params={"course_id": taught.course, "limit": 1})
    )
    assert mine["items"][0]["id"] == conversation
    assert mine["next_cursor"]


async def test_only_what_one_reads_is_taught(taught: Class) -> None:
    outsider = await taught.org.person("student", fresh=True)
    body = {"course_id": taught.course}
    problem(await outsider.http.post("/api/tutor/conversations", json=body), 409, "course-not-readable")
    enrolment = ok(await outsider.http.post("/api/enrollments", json=body), 201)["id"]
    conversation = await begin(outsider, taught.course)
    ok(await outsider.http.post(f"/api/enrollments/{enrolment}/drop"))
    problem(
        await outsider.http.post(f"/api/tutor/conversations/{conversation}/turns", json={"text": "The median?"}),
        409, "course-not-readable",
    )  # fmt: skip
    draft = await create(taught.teacher, modules=MODULES)
    problem(await outsider.http.post("/api/tutor/conversations", json={"course_id": draft}), 404, "course-not-found")


async def test_what_was_said_is_exported_and_erased(taught: Class, platform: Platform) -> None:
    learner = await taught.org.person("student", fresh=True)
    ok(await learner.http.post("/api/enrollments", json={"course_id": taught.course}), 201)
    conversation = await begin(learner, taught.course)
    await ask(learner, conversation, "What is the median, asked by somebody unmistakable?")
    async with platform.database.transaction(taught.org.id, readonly=True) as connection:
        sealed = await connection.fetchval("select question from tutor_turns where conversation_id = $1", conversation)
    assert b"unmistakable" not in sealed
    archive = await learner.http.get("/api/users/me/export")
    assert archive.status_code == 200
    assert "unmistakable" in _file(archive.content, "tutoring.json")
    ok(await learner.http.post("/api/users/me/erase", json={"password": "correct horse battery"}))
    async with platform.database.transaction(taught.org.id, readonly=True) as connection:
        assert (
            await connection.fetchval("select count(*) from tutor_turns where conversation_id = $1", conversation) == 0
        )


def _file(archive: bytes, name: str) -> str:
    return zipfile.ZipFile(io.BytesIO(archive)).read(name).decode()


@pytest.mark.parametrize("text", ["", "   ", "a\u0000b", "x" * 2001])
async def test_bad_questions_are_refused(taught: Class, text: str) -> None:
    conversation = await begin(taught.learner, taught.course)
    problem(
        await taught.learner.http.post(f"/api/tutor/conversations/{conversation}/turns", json={"text": text}),
        422,
        "invalid",
    )


async def test_it_remembers_what_the_learner_has_shown(
    taught: Class, platform: Platform, index: RetrievalMember, system: Database
) -> None:
    learner = await taught.org.person("student", fresh=True)
    enrolment = ok(await learner.http.post("/api/enrollments", json={"course_id": taught.course}), 201)["id"]
    conversation, question = await begin(learner, taught.course), "How do I find the median of some values?"
    assert (await ask(learner, conversation, question))["made_by"]["considered"] == []
    quiz = ok(await learner.http.get(f"/api/courses/{taught.course}/content"))["modules"][0]["units"][2]
    attempts = f"/api/enrollments/{enrolment}/units/{quiz['id']}/attempts"
    ok(await learner.http.post(attempts, json={"answers": {}}), 201)  # all wrong
    async with system.transaction(None) as connection:
        await trace_enrolments(connection, Tracing(), [UUID(enrolment)])
    turn = await ask(learner, conversation, question)
    assert [one["level"] for one in turn["made_by"]["considered"]] == ["beginning"]
    assert "on “A module” rightly so far: go through it whole" in turn["text"]
    other = await ask(taught.learner, await begin(taught.learner, taught.course), question)
    assert "so far" not in other["text"]
