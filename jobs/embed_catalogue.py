"""Bring the search index of every course in step, and embed what waits for it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from jobs.framework import Run, job

if TYPE_CHECKING:
    from learning.embedding.embedder import Embedder
    from stores.postgres import Database


@job(platform=True)
def embed_catalogue(run: Run) -> None:
    """Cut every published version into passages, where that is not done, and give each its embedding.

    The platform does the same by itself, little by little; after an import of many courses, or a change of the model,
    this is quicker. Both may run at once. What is done is in the database, so that a run that was killed is simply
    started again.
    """
    done = asyncio.run(_embed(run))
    run.note(**done)


async def _embed(run: Run) -> dict[str, int]:
    from jobs.data.platform import platform_settings
    from learning.embedding.embedder import Embedder
    from stores.postgres import Database

    database = Database.from_settings(platform_settings(), role="azora_system")
    embedder = Embedder.of(on=True, threads=run.means.processes)
    try:
        await embedder.check()
        with run.step("Cutting courses into passages"):
            courses, versions = await _cut(database)
        passages = await _embed_all(run, database, embedder)
        return {"courses": courses, "versions": versions, "passages": passages}
    finally:
        embedder.close()
        await database.close()


async def _cut(database: Database) -> tuple[int, int]:
    """How many courses were looked at, and versions cut."""
    from actors.retrieval_index import requests
    from actors.retrieval_index.indexing import bring_in_step
    from learning.retrieval.chunking import RECIPE

    courses = versions = 0
    async with database.transaction(None) as connection:
        await requests.request_differing(connection, RECIPE)
    while True:
        async with database.transaction(None) as connection:
            request = await requests.take(connection)
        if request is None:
            return courses, versions
        versions += await bring_in_step(database, request.course_id)
        async with database.transaction(None) as connection:
            await requests.done(connection, request)
        courses += 1


async def _embed_all(run: Run, database: Database, embedder: Embedder) -> int:
    """How many passages were embedded, those included that came meanwhile."""
    from actors.retrieval_index.embedding import embed_sentences, embed_some

    async with database.transaction(None, readonly=True) as connection:
        waiting = await connection.fetchval("select count(*) from content_passages where model is null")
    done = 0
    for number in run.track(range(waiting), "passages"):
        if number < done:
            continue  # the bar goes on by one, the model by batches
        count = await embed_some(database, embedder)
        if count == 0:
            break
        done += count
    while (count := await embed_some(database, embedder)) > 0:
        done += count
    with run.step("Embedding their sentences"):
        while await embed_sentences(database, embedder) > 0:
            pass
    return done


if __name__ == "__main__":
    embed_catalogue()
