"""What goes wrong on the way: nothing is lost, nothing blocks the rest."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest

from actors.retrieval_index import indexing as index_module
from actors.retrieval_index import requests
from actors.retrieval_index.embedding import embed_some
from actors.retrieval_index.indexing import bring_in_step
from learning.embedding.embedder import Embedder
from learning.embedding.errors import EmbeddingUnavailable
from learning.embedding.minilm import MiniLM, Vectors
from learning.embedding.wordpiece import WordPiece
from stores.errors import StoreUnavailable
from stores.postgres import Database
from tests.integration.courses.support import publish
from tests.integration.retrieval.support import (
    MEDIAN,
    OUTLIER,
    VOLCANO,
    change_body,
    indexing,
    modules,
    publish_again,
    settled,
    text,
    texts,
)
from tests.patience import patiently
from tests.platform import Account, Platform

STATISTICS = modules(text("The middle", MEDIAN), text("Far off", OUTLIER))


@pytest.fixture
async def teacher(platform: Platform) -> Account:
    return await (await platform.create_organisation()).person("instructor")


async def test_broken_off_in_the_middle_the_old_version_stays_whole(
    teacher: Account, system: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    course_id = await publish(teacher, modules=STATISTICS)
    await bring_in_step(system, UUID(course_id))
    await change_body(teacher, course_id, "The middle", VOLCANO)
    await publish_again(teacher, course_id)
    insert, calls = index_module._insert, 0

    async def torn(*arguments: Any) -> None:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise StoreUnavailable()
        await insert(*arguments)

    monkeypatch.setattr(index_module, "_ROWS_AT_ONCE", 1)
    monkeypatch.setattr(index_module, "_insert", torn)
    with pytest.raises(StoreUnavailable):
        await bring_in_step(system, UUID(course_id))
    assert await _texts(system, course_id) == [MEDIAN, OUTLIER]
    assert await texts(teacher, "lava") == []  # half of a version is none
    assert await bring_in_step(system, UUID(course_id)) == 1
    assert await _texts(system, course_id) == [VOLCANO, OUTLIER]
    assert await bring_in_step(system, UUID(course_id)) == 0


async def test_whoever_dies_at_a_course_leaves_it_to_the_next(teacher: Account, system: Database) -> None:
    course_id = UUID(await publish(teacher, modules=STATISTICS))
    async with system.transaction(None) as connection:
        await connection.execute("delete from courses_to_index")
        await connection.execute(
            "insert into courses_to_index (course_id, org_id) values ($1, $2)", course_id, teacher.org.id
        )
        first = await requests.take(connection)
    assert first is not None
    assert (first.course_id, first.attempts) == (course_id, 1)
    async with system.transaction(None) as connection:
        assert await requests.take(connection) is None  # put off
        await connection.execute("update courses_to_index set not_before = now()")
        again = await requests.take(connection)
        assert again is not None
        assert again.attempts == 2
        waits = await connection.fetchval("select not_before - now() from courses_to_index")
        assert 59 <= waits.total_seconds() <= 60


async def test_what_is_asked_for_meanwhile_is_not_forgotten(teacher: Account, system: Database) -> None:
    course_id = UUID(await publish(teacher, modules=STATISTICS))
    request_sql = (
        "insert into courses_to_index (course_id, org_id) values ($1, $2) on conflict (course_id)"
        " do update set requested_at = clock_timestamp(), attempts = 0, not_before = now()"
    )
    async with system.transaction(None) as connection:
        await connection.execute("delete from courses_to_index")
        await connection.execute(request_sql, course_id, teacher.org.id)
        taken = await requests.take(connection)
        await connection.execute(request_sql, course_id, teacher.org.id)
        assert taken is not None
        await requests.done(connection, taken)
        again = await requests.take(connection)
        assert again is not None
        await requests.done(connection, again)
        assert await requests.take(connection) is None


class Squeamish:
    """A model that fails at one text, and at whatever comes with it."""

    tokenizer = WordPiece.load()

    def __init__(self) -> None:
        self._model = MiniLM.load()

    def embed(self, texts: Sequence[str]) -> Vectors:
        if any(OUTLIER in text for text in texts):
            raise RuntimeError("bad input")
        return self._model.embed(texts)


async def test_a_passage_that_cannot_be_embedded_is_found_by_words(teacher: Account, system: Database) -> None:
    course_id = await publish(teacher, modules=STATISTICS)
    await bring_in_step(system, UUID(course_id))
    embedder = Embedder(Squeamish)
    while await embed_some(system, embedder):
        pass
    embedder.close()
    async with system.transaction(None, readonly=True) as connection:
        rows = await connection.fetch(
            "select text, model, embedding is not null as embedded from content_passages where course_id = $1",
            UUID(course_id),
        )
    assert {(row["text"], row["model"], row["embedded"]) for row in rows} == {
        (MEDIAN, "all-MiniLM-L6-v2", True),
        (OUTLIER, "none", False),
    }
    assert OUTLIER in await texts(teacher, "outlier")


async def test_without_a_model_words_have_to_do_until_there_is_one(
    platform: Platform, teacher: Account, system: Database
) -> None:
    def absent() -> MiniLM:
        raise EmbeddingUnavailable("not installed")

    course_id = await publish(teacher, modules=STATISTICS)
    async with indexing(platform.settings, Embedder(absent)):
        async for _ in patiently():
            if await texts(teacher, "median"):
                break
        assert await texts(teacher, "median") == [MEDIAN]
    async with indexing(platform.settings):
        await settled(system, course_id)
    async with system.transaction(None, readonly=True) as connection:
        assert await connection.fetchval(
            "select bool_and(embedding is not null) from content_passages where course_id = $1", UUID(course_id)
        )


async def test_two_at_one_course_do_no_harm(teacher: Account, system: Database) -> None:
    course_id = UUID(await publish(teacher, modules=STATISTICS))
    await asyncio.gather(*(bring_in_step(system, course_id) for _ in range(4)))
    assert await _texts(system, str(course_id)) == [MEDIAN, OUTLIER]


async def _texts(database: Database, course_id: str) -> list[str]:
    async with database.transaction(None, readonly=True) as connection:
        rows = await connection.fetch(
            "select p.text from content_passages p join indexed_versions v using (version_id)"
            " where v.course_id = $1 and v.complete order by p.version_id, p.ordinal",
            UUID(course_id),
        )
    return [row["text"] for row in rows]
