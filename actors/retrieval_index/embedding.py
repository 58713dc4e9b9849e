"""Giving passages their embeddings, after they are found by words already."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
import structlog

from actors.retrieval_index.indexing import NO_MODEL
from configs.errors import AzoraError
from learning.embedding import minilm
from learning.embedding.embedder import Embedder
from learning.retrieval.extraction import candidates
from learning.retrieval.sentence_vectors import FORMAT, packed
from stores.postgres import Database
from stores.queries import load_queries
from stores.retrieval import vector_text

_queries = load_queries(__file__)
log = structlog.get_logger("azora.retrieval")

_AT_ONCE = 32


@dataclass(frozen=True, slots=True)
class _Waiting:
    id: int
    text: str


async def embed_some(database: Database, embedder: Embedder) -> int:
    """Embed the passages that have waited the longest. Returns how many; 0: none waits.

    `database` is under `azora_system`. No transaction is open while the model computes. Raises `EmbeddingUnavailable`
    where it cannot compute at all; a passage that it fails at is left to be found by words.
    """
    async with database.transaction(None, readonly=True) as connection:
        rows = _queries.to_embed(connection, limit=_AT_ONCE)
        waiting = [_Waiting(row["id"], f"{row['heading']}\n{row['text']}") async for row in rows]
    if waiting:
        await _embed(database, embedder, waiting)
    return len(waiting)


async def _embed(database: Database, embedder: Embedder, waiting: Sequence[_Waiting]) -> None:
    try:
        vectors = await embedder.embed([passage.text for passage in waiting])
    except AzoraError:
        raise
    except Exception as error:  # the runtime's errors have no common root
        if len(waiting) > 1:
            for passage in waiting:
                await _embed(database, embedder, [passage])
            return
        log.error("a passage cannot be embedded", passage_id=waiting[0].id, cause=repr(error))
        await _write(database, waiting, [None], NO_MODEL)
    else:
        await _write(database, waiting, [vector_text(vector) for vector in vectors], minilm.NAME)


async def _write(database: Database, waiting: Sequence[_Waiting], embeddings: Sequence[str | None], model: str) -> None:
    async with database.transaction(None) as connection:
        await _queries.embed(
            connection, ids=[passage.id for passage in waiting], embeddings=list(embeddings), model=model
        )


async def embed_sentences(database: Database, embedder: Embedder) -> int:
    """Give passages that have their embedding the vectors of their sentences, which those who ask would wait for.
    Returns how many got them; 0: all have. Raises `EmbeddingUnavailable`.
    """
    async with database.transaction(None, readonly=True) as connection:
        rows = _queries.without_sentences(connection, format=FORMAT, limit=_AT_ONCE // 4)
        waiting = [(row["id"], [quote.text for quote in candidates([row["text"]])]) async for row in rows]
    if waiting:
        made = await _packed(embedder, [sentences for _, sentences in waiting])
        async with database.transaction(None) as connection:
            await _queries.add_sentences(connection, ids=[id for id, _ in waiting], sentences=made)
    return len(waiting)


async def _packed(embedder: Embedder, passages: Sequence[Sequence[str]]) -> list[bytes]:
    """For each passage; no vectors for one whose sentences cannot be embedded."""
    try:
        vectors = await embedder.embed([one for sentences in passages for one in sentences])
    except AzoraError:
        raise
    except Exception as error:  # the runtime's errors have no common root
        log.error("sentences cannot be embedded", cause=repr(error))
        if len(passages) > 1:
            return [found for one in passages for found in await _packed(embedder, [one])]
        return [packed(np.empty((0, minilm.DIMENSIONS), dtype=np.float32))]
    ends = list(accumulate(map(len, passages)))
    return [packed(vectors[end - len(one) : end]) for one, end in zip(passages, ends, strict=True)]
