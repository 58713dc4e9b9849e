"""A small tenant among large ones finds as much as if it were alone, by whichever way."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

import numpy as np
import pytest
from numpy.typing import NDArray

from stores.ids import new_id
from stores.postgres import Connection, Database
from stores.retrieval import PassageRepository, vector_text
from tests.platform import Platform

LARGE, SMALL, WANTED = 1_500, 30, 10
_INSERT = """
insert into content_passages (org_id, course_id, version_id, unit_id, ordinal, kind, heading, text, digest, search,
                              embedding, model)
select $1, $2, $3, $3, $5 + n, 'text', '', ($5 + n)::text, '', array_to_tsvector(array[passages_lexeme($1, 'english')]),
       v::vector, 'test'
  from unnest($4::text[]) with ordinality as given (v, n)
"""


@dataclass
class Tenant:
    org_id: UUID
    version_id: UUID
    vectors: NDArray[np.float64]


@pytest.fixture(scope="module")
async def tenants(platform: Platform, system: Database) -> AsyncIterator[list[Tenant]]:
    """Passages that all lie in one direction, the small tenant's among them."""
    random = np.random.default_rng(7)
    made = []
    for size in (LARGE, SMALL):
        org = await platform.create_organisation()
        teacher = await org.person("instructor")
        vectors = random.normal(size=(size, 384)) * 0.5 + 1
        async with system.transaction(None) as connection:
            made.append(await _fill(connection, org.id, teacher.id, vectors))
    yield made
    async with system.transaction(None) as connection:
        await connection.execute(
            "delete from indexed_versions where version_id = any($1)", [t.version_id for t in made]
        )


async def _fill(connection: Connection, org_id: UUID, teacher: UUID, vectors: NDArray[np.float64]) -> Tenant:
    course_id, version_id = new_id(), new_id()
    await connection.execute(
        "insert into courses (id, org_id, title, instructor_id) values ($1, $2, 'x', $3)", course_id, org_id, teacher
    )
    await connection.execute(
        "insert into course_versions (id, org_id, course_id, number, title, content, unit_ids, published_by)"
        " values ($1, $2, $3, 1, 'x', '{\"modules\": []}', '{}', $4)",
        version_id, org_id, course_id, teacher,
    )  # fmt: skip
    await connection.execute(
        "insert into indexed_versions (version_id, org_id, course_id, language, recipe, passages, run, complete)"
        " values ($1, $2, $3, 'en', 1, $4, $1, true)",
        version_id, org_id, course_id, len(vectors),
    )  # fmt: skip
    for start in range(0, len(vectors), 100):
        some = [vector_text(vector) for vector in vectors[start : start + 100]]
        await connection.execute(_INSERT, org_id, course_id, version_id, some, start)
    return Tenant(org_id, version_id, vectors)


@pytest.mark.parametrize("by_index", [False, True], ids=["compared one by one", "by the index"])
async def test_recall(platform: Platform, tenants: list[Tenant], by_index: bool) -> None:
    random = np.random.default_rng(11)
    scans = await _scans(platform.database)
    for tenant in tenants:
        unit = tenant.vectors / np.linalg.norm(tenant.vectors, axis=1, keepdims=True)
        probes = random.normal(size=(20, 384)) * 0.5 + 1
        found = 0
        async with platform.database.transaction(tenant.org_id, readonly=True) as connection:
            if by_index:  # so small a table would be sorted
                await connection.execute("set local enable_sort = off")
            for probe in probes:
                nearest = set(np.argsort(-(unit @ probe))[:WANTED] + 1)
                found += len(nearest & await _found(connection, tenant, probe, exact=0 if by_index else LARGE))
            await connection.fetchval("select pg_stat_force_next_flush()")
        recall = found / (WANTED * len(probes))
        assert recall >= 0.7 if by_index else recall == 1, (len(tenant.vectors), recall)
    assert (await _scans(platform.database) > scans) == by_index


async def _found(connection: Connection, tenant: Tenant, probe: NDArray[np.float64], *, exact: int) -> set[int]:
    repository = PassageRepository(connection)
    matches = await repository.by_meaning(probe, [tenant.version_id], ["text"], WANTED, exact=exact)
    assert len(matches) == WANTED
    assert matches == sorted(matches, key=lambda match: -match.similarity)
    return {int(passage.text) for passage in (await repository.passages([m.passage_id for m in matches])).values()}


async def _scans(database: Database) -> int:
    async with database.transaction(None, readonly=True) as connection:
        count: int = await connection.fetchval(
            "select idx_scan from pg_stat_user_indexes where indexrelname = 'content_passages_embedding'"
        )
    return count
