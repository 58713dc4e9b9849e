"""Giving passages their embeddings, after they are found by words already."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import structlog

from actors.retrieval_index.indexing import NO_MODEL
from configs.errors import AzoraError
from learning.embedding import minilm
from learning.embedding.embedder import Embedder
from learning.retrieval.extraction import candidates
from learning.retrieval.sentence_vectors import packed
from stores.postgres import Database
from stores.queries import load_queries
from stores.retrieval import vector_text

_queries = load_queries(__file__)
log = structlog.get_logger("azora.retrieval")

_AT_ONCE = 16
_Made: TypeAlias = tuple[str | None, bytes | None]
"""The vector of a passage, as text, and those of its sentences."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    id: int
    heading: str
    text: str


async def embed_some(database: Database, embedder: Embedder) -> int:
    """Embed the passages that have waited the longest. Returns how many; 0: none waits.

    `database` is under `azora_system`. No transaction is open while the model computes. Raises `EmbeddingUnavailable`
    where it cannot compute at all; a passage that it fails at is left to be found by words.
    """
    async with database.transaction(None, readonly=True) as connection:
        rows = _queries.to_embed(connection, limit=_AT_ONCE)
        waiting = [_Waiting(row["id"], row["heading"], row["text"]) async for row in rows]
    if waiting:
        await _embed(database, embedder, waiting)
    return len(waiting)


async def _embed(database: Database, embedder: Embedder, waiting: Sequence[_Waiting]) -> None:
    try:
        made = await _made(embedder, waiting)
    except AzoraError:
        raise
    except Exception as error:  # the runtime's errors have no common root
        if len(waiting) > 1:
            for passage in waiting:
                await _embed(database, embedder, [passage])
            return
        log.error("a passage cannot be embedded", passage_id=waiting[0].id, cause=repr(error))
        await _write(database, waiting, [(None, None)], NO_MODEL)
    else:
        await _write(database, waiting, made, minilm.NAME)


async def _made(embedder: Embedder, waiting: Sequence[_Waiting]) -> list[_Made]:
    sentences = [[quote.text for quote in candidates([passage.text])] for passage in waiting]
    whole = [f"{passage.heading}\n{passage.text}" for passage in waiting]
    vectors = await embedder.embed([*whole, *(one for some in sentences for one in some)])
    made: list[_Made] = []
    start = len(whole)
    for vector, some in zip(vectors, sentences, strict=False):
        made.append((vector_text(vector), packed(vectors[start : start + len(some)]) if some else None))
        start += len(some)
    return made


async def _write(
    database: Database, waiting: Sequence[_Waiting], made: Sequence[tuple[str | None, bytes | None]], model: str
) -> None:
    async with database.transaction(None) as connection:
        await _queries.embed(
            connection, ids=[passage.id for passage in waiting], embeddings=[vector for vector, _ in made],
            sentences=[sentences for _, sentences in made], model=model,
        )  # fmt: skip
