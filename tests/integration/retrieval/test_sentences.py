"""Vectors of sentences are made once, kept beside their passages, and go with them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from actors.retrieval_index.duties import compare_index
from actors.retrieval_index.embedding import embed_sentences, embed_some
from actors.retrieval_index.indexing import bring_in_step
from learning.embedding.embedder import Embedder
from learning.retrieval.sentence_vectors import FORMAT, unpacked
from stores.postgres import Database
from stores.retrieval import PassageRepository
from tests.integration.courses.support import enrol, publish
from tests.integration.retrieval.support import MEDIAN, OUTLIER, VOLCANO, change_body, modules, publish_again, text
from tests.platform import Platform

STATISTICS = modules(text("The middle", MEDIAN), text("Far off", OUTLIER))


@pytest.fixture
async def embedder() -> AsyncIterator[Embedder]:
    made = Embedder.of(on=True, threads=1)
    yield made
    made.close()


async def _embed(system: Database, embedder: Embedder) -> int:
    """Everything; how many passages got vectors of their sentences."""
    while await embed_some(system, embedder):
        pass
    total = 0
    while count := await embed_sentences(system, embedder):
        total += count
    return total


async def _formats(system: Database, course_id: UUID) -> dict[str, int | None]:
    async with system.transaction(None, readonly=True) as connection:
        rows = await connection.fetch(
            "select p.text, s.format from content_passages p left join passage_sentences s on s.passage_id = p.id"
            " where p.course_id = $1",
            course_id,
        )
    return {row["text"]: row["format"] for row in rows}


async def test_from_being_made_to_being_dropped(platform: Platform, system: Database, embedder: Embedder) -> None:
    org = await platform.create_organisation()
    teacher = await org.person("instructor")
    course_id = UUID(await publish(teacher, modules=STATISTICS))
    await bring_in_step(system, course_id)
    await _embed(system, embedder)
    assert await _formats(system, course_id) == {MEDIAN: FORMAT, OUTLIER: FORMAT}
    async with platform.database.transaction(org.id, readonly=True) as connection:
        ids = [row["id"] for row in await connection.fetch("select id from content_passages")]
        found = await PassageRepository(connection).passages(ids)
    assert all(unpacked(one.sentences, 1) is not None for one in found.values())

    async with system.transaction(None) as connection:  # as if by a former version
        await connection.execute("update passage_sentences set vectors = '\\x0000' where org_id = $1", org.id)
    assert await _formats(system, course_id) == {MEDIAN: 0, OUTLIER: 0}
    assert await _embed(system, embedder) == 2
    assert await _embed(system, embedder) == 0
    assert await _formats(system, course_id) == {MEDIAN: FORMAT, OUTLIER: FORMAT}

    async with system.transaction(None) as connection:
        await connection.execute("update content_passages set model = 'old' where course_id = $1", course_id)
    await compare_index(system)
    assert await _formats(system, course_id) == {MEDIAN: None, OUTLIER: None}
    assert await _embed(system, embedder) == 2
    async with system.transaction(None) as connection:
        await connection.execute("delete from indexed_versions where course_id = $1", course_id)
        assert not await connection.fetchval("select count(*) from passage_sentences where org_id = $1", org.id)


async def test_equal_passages_share_them(platform: Platform, system: Database, embedder: Embedder) -> None:
    org = await platform.create_organisation()
    teacher, learner = await org.person("instructor"), await org.person()
    course_id = await publish(teacher, modules=STATISTICS)
    await enrol(platform, org, course_id, learner.id)
    await bring_in_step(system, UUID(course_id))
    await _embed(system, embedder)
    await change_body(teacher, course_id, "The middle", VOLCANO)
    await publish_again(teacher, course_id)
    await bring_in_step(system, UUID(course_id))
    formats = await _formats(system, UUID(course_id))
    assert formats == {MEDIAN: FORMAT, OUTLIER: FORMAT, VOLCANO: None}
    assert await _embed(system, embedder) == 1
