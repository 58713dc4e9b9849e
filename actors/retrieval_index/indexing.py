"""Bringing the passages of one course in step with its versions."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from learning.embedding import minilm
from learning.retrieval.chunking import RECIPE, Passage, passages
from stores.ids import new_id
from stores.postgres import Connection, Database
from stores.queries import load_queries

_queries = load_queries(__file__)

# Instead of a model's name: words have to do.
NO_MODEL = "none"
# Each that comes with its embedding takes the index some milliseconds.
_ROWS_AT_ONCE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class _Version:
    """A version to be indexed, by this run."""

    run: UUID
    org_id: UUID
    course_id: UUID
    version_id: UUID
    language: str

    @property
    def model(self) -> str | None:
        """What its passages have for a model until they are embedded."""
        return None if self.language.split("-")[0].lower() in minilm.LANGUAGES else NO_MODEL


@dataclass(frozen=True, slots=True)
class _Part:
    unit_id: UUID
    ordinal: int
    passage: Passage


async def bring_in_step(database: Database, course_id: UUID) -> int:
    """Index the versions that somebody may read, then drop the others. Returns how many were indexed.

    `database` is under `azora_system`. Searches see a version when it is whole. Safe to repeat, to break off and to do
    twice at once.
    """
    async with database.transaction(None, readonly=True) as connection:
        rows = _queries.missing_versions(connection, course_id=course_id, recipe=RECIPE)
        missing = [_Version(course_id=course_id, run=new_id(), **row) async for row in rows]
    for version in missing:
        await _index(database, version)
    async with database.transaction(None) as connection:
        await _queries.drop_unread(connection, course_id=course_id)
    return len(missing)


async def _index(database: Database, version: _Version) -> None:
    async with database.transaction(None, readonly=True) as connection:
        content = await _queries.content(connection, version_id=version.version_id)
    # Outside any transaction, off the event loop: hostile Markdown takes its time.
    parts = await asyncio.to_thread(_parts, content)
    await _begin(database, version, len(parts))
    for start in range(0, len(parts), _ROWS_AT_ONCE):
        async with database.transaction(None) as connection:
            if not await _queries.hold_version(connection, version_id=version.version_id, run=version.run):
                return  # somebody else has begun anew, and will finish
            await _insert(connection, version, parts[start : start + _ROWS_AT_ONCE])
    async with database.transaction(None) as connection:
        await _queries.complete_version(connection, version_id=version.version_id, run=version.run)


async def _begin(database: Database, version: _Version, passages: int) -> None:
    async with database.transaction(None) as connection:
        await _queries.take_turns(connection, version_id=version.version_id)
        await _queries.drop_version(connection, version_id=version.version_id)
        await _queries.insert_version(
            connection,
            version_id=version.version_id,
            org_id=version.org_id,
            course_id=version.course_id,
            language=version.language,
            recipe=RECIPE,
            passages=passages,
            run=version.run,
        )


def _parts(content: Mapping[str, Any]) -> list[_Part]:
    cut = [
        (UUID(unit["id"]), passage)
        for module in content["modules"]
        for unit in module["units"]
        for passage in passages(unit, module["title"])
    ]
    return [_Part(unit_id, ordinal, passage) for ordinal, (unit_id, passage) in enumerate(cut)]


async def _insert(connection: Connection, version: _Version, parts: Sequence[_Part]) -> None:
    found = [part.passage for part in parts]
    digests = [passage.digest for passage in found]
    known = await _known(connection, version, digests)
    await _queries.insert_passages(
        connection,
        org_id=version.org_id,
        course_id=version.course_id,
        version_id=version.version_id,
        language=version.language,
        model=minilm.NAME,
        otherwise=version.model,
        unit_ids=[part.unit_id for part in parts],
        ordinals=[part.ordinal for part in parts],
        kinds=[passage.kind for passage in found],
        headings=[passage.heading for passage in found],
        texts=[passage.text for passage in found],
        digests=digests,
        embeddings=[known[digest][0] if digest in known else None for digest in digests],
        sentences=[known[digest][1] if digest in known else None for digest in digests],
    )


async def _known(
    connection: Connection, version: _Version, digests: Sequence[bytes]
) -> dict[bytes, tuple[str, bytes | None]]:
    """Embeddings that equal passages of the course have already, as text, and the vectors of their sentences."""
    if version.model is not None:
        return {}
    rows = _queries.known_embeddings(connection, course_id=version.course_id, model=minilm.NAME, digests=digests)
    return {row["digest"]: (row["embedding"], row["sentences"]) async for row in rows}
