"""The index follows what is published, edited, archived and deleted."""

from __future__ import annotations

from uuid import UUID

import pytest

from actors.retrieval_index.duties import compare_index
from stores.postgres import Database
from tests.integration.courses.support import MODULES, create, enrol, ok, problem, publish
from tests.integration.retrieval.support import (
    MEDIAN,
    OUTLIER,
    VOLCANO,
    change_body,
    find,
    modules,
    publish_again,
    settled,
    text,
    texts,
)
from tests.platform import Platform

pytestmark = pytest.mark.usefixtures("index")
STATISTICS = modules(text("The middle", MEDIAN), text("Far off", OUTLIER))


async def test_what_is_published_is_found_by_words_and_by_meaning(platform: Platform, system: Database) -> None:
    org = await platform.create_organisation()
    teacher = await org.person("instructor")
    course_id = await publish(teacher, title="Statistics", modules=STATISTICS)
    await settled(system, course_id)
    (first, *_) = await find(teacher, "outlier")
    assert first["text"] == OUTLIER
    assert first["coverage"] == 1
    assert first["course_id"] == course_id
    assert (first["course_title"], first["kind"]) == ("Statistics", "text")
    assert first["heading"].endswith("Far off")
    (nearest, *_) = await find(teacher, "What is a robust summary of a typical salary?")
    assert nearest["similarity"] > 0.2
    body = ok(await teacher.http.get("/api/courses/passages", params={"q": "median", "limit": 1}))
    assert body["by_meaning"] is True
    assert len(body["items"]) == 1


async def test_no_key_of_a_quiz_is_in_the_index(platform: Platform, system: Database) -> None:
    teacher = await (await platform.create_organisation()).person("instructor")
    course_id = await publish(teacher, modules=MODULES)
    await settled(system, course_id)
    async with system.transaction(None, readonly=True) as connection:
        rows = await connection.fetch(
            "select kind, heading || text as text, search::text as words from content_passages where course_id = $1",
            UUID(course_id),
        )
    assert {row["kind"] for row in rows} == {"text", "assignment", "question"}
    assert any("Capital of France?" in row["text"] for row in rows)
    assert not any("KEY" in row["text"] or "'key'" in row["words"] for row in rows)
    assert not any("Capital" in found for found in await texts(teacher, "Capital of France"))


async def test_learners_keep_finding_what_they_read(platform: Platform, system: Database) -> None:
    org = await platform.create_organisation()
    teacher, old, new = await org.person("instructor"), await org.person(), await org.person(fresh=True)
    course_id = await publish(teacher, modules=STATISTICS)
    await enrol(platform, org, course_id, old.id)
    await change_body(teacher, course_id, "The middle", VOLCANO)
    await publish_again(teacher, course_id)
    await enrol(platform, org, course_id, new.id)
    await settled(system, course_id)
    assert MEDIAN in await texts(old, "median value")
    assert VOLCANO not in await texts(old, "magma lava")
    for reader in (teacher, new):
        assert VOLCANO in await texts(reader, "magma lava")
        assert MEDIAN not in await texts(reader, "median value")


async def test_what_nobody_reads_any_more_goes(platform: Platform, system: Database) -> None:
    org = await platform.create_organisation()
    teacher, learner = await org.person("instructor"), await org.person()
    course_id = await publish(teacher, modules=STATISTICS)
    await enrol(platform, org, course_id, learner.id)
    await change_body(teacher, course_id, "The middle", VOLCANO)
    await publish_again(teacher, course_id)
    await settled(system, course_id)
    assert len(await _versions(system, course_id)) == 2
    await enrol(platform, org, course_id, learner.id, status="dropped")
    await compare_index(system)
    await settled(system, course_id)
    async with system.transaction(None, readonly=True) as connection:
        newest = await connection.fetchval("select published_version_id from courses where id = $1", UUID(course_id))
    assert await _versions(system, course_id) == {newest}


async def test_an_archived_course_is_found_by_those_who_may_read_it(platform: Platform, system: Database) -> None:
    org = await platform.create_organisation()
    teacher, learner, other = await org.person("instructor"), await org.person(), await org.person(fresh=True)
    course_id = await publish(teacher, modules=STATISTICS)
    await enrol(platform, org, course_id, learner.id)
    ok(await teacher.http.post(f"/api/courses/{course_id}/archive"))
    await settled(system, course_id)
    assert MEDIAN in await texts(learner, "median")
    assert MEDIAN in await texts(teacher, "median")
    assert await texts(other, "median") == []


async def test_drafts_are_not_found_and_deleting_one_leaves_nothing(platform: Platform, system: Database) -> None:
    teacher = await (await platform.create_organisation()).person("instructor")
    course_id = await create(teacher, modules=STATISTICS)
    await settled(system, course_id)
    assert await texts(teacher, "median") == []
    ok(await teacher.http.delete(f"/api/courses/{course_id}"), 204)
    await settled(system, course_id)
    assert await _versions(system, course_id) == set()
    problem(
        await teacher.http.get("/api/courses/passages", params={"q": "x", "course_id": course_id}),
        404,
        "course-not-found",
    )


async def test_equal_passages_are_embedded_once(platform: Platform, system: Database) -> None:
    org = await platform.create_organisation()
    teacher, learner = await org.person("instructor"), await org.person()
    course_id = await publish(teacher, modules=STATISTICS)
    await enrol(platform, org, course_id, learner.id)
    await settled(system, course_id)
    async with system.transaction(None) as connection:  # a vector that the model would never give
        await connection.execute(
            "update content_passages set embedding = array_fill(0.25, array[384])::vector"
            " where course_id = $1 and text = $2",
            UUID(course_id), OUTLIER,
        )  # fmt: skip
    await change_body(teacher, course_id, "The middle", VOLCANO)
    await publish_again(teacher, course_id)
    await settled(system, course_id)
    async with system.transaction(None, readonly=True) as connection:
        distinct = await connection.fetchval(
            "select count(distinct embedding::text) from content_passages where course_id = $1 and text = $2",
            UUID(course_id), OUTLIER,
        )  # fmt: skip
    assert distinct == 1
    assert len(await _versions(system, course_id)) == 2


async def test_another_language_is_stemmed_by_its_rules_and_left_to_words(platform: Platform, system: Database) -> None:
    teacher = await (await platform.create_organisation()).person("instructor")
    body = "Die Häuser stehen an den Straßen der alten Städte."
    course_id = await publish(teacher, modules=modules(text("Städte", body)), language="en")
    await settled(system, course_id)
    assert [found["coverage"] for found in await find(teacher, "Haus")] == [0]
    ok(await teacher.http.patch(f"/api/courses/{course_id}", json={"language": "de"}))
    await settled(system, course_id)
    (found,) = await find(teacher, "Haus")
    assert (found["text"], found["coverage"], found["similarity"]) == (body, 1, None)


async def test_events_that_nobody_read_are_made_up_for(platform: Platform, system: Database) -> None:
    teacher = await (await platform.create_organisation()).person("instructor")
    course_id = await publish(teacher, modules=STATISTICS)
    await settled(system, course_id)
    async with system.transaction(None) as connection:
        await connection.execute("delete from indexed_versions where course_id = $1", UUID(course_id))
    assert await texts(teacher, "median") == []
    await compare_index(system)
    await settled(system, course_id)
    assert MEDIAN in await texts(teacher, "median")


async def test_embeddings_of_a_former_model_are_made_anew(platform: Platform, system: Database) -> None:
    teacher = await (await platform.create_organisation()).person("instructor")
    course_id = await publish(teacher, modules=STATISTICS)
    await settled(system, course_id)
    async with system.transaction(None) as connection:
        await connection.execute("update content_passages set model = 'old' where course_id = $1", UUID(course_id))
    await compare_index(system)
    await settled(system, course_id)
    async with system.transaction(None, readonly=True) as connection:
        models = await connection.fetch(
            "select distinct model from content_passages where course_id = $1", UUID(course_id)
        )
    assert [row["model"] for row in models] == ["all-MiniLM-L6-v2"]


async def _versions(database: Database, course_id: str) -> set[UUID]:
    async with database.transaction(None, readonly=True) as connection:
        rows = await connection.fetch("select version_id from indexed_versions where course_id = $1", UUID(course_id))
    return {row["version_id"] for row in rows}
