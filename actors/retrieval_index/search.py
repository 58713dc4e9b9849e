"""Searching the index by words and by meaning at once. Free of Ray: services search in their own process."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from learning.embedding.minilm import Vectors
from learning.retrieval.fusion import reciprocal_rank_fusion
from stores.postgres import Connection
from stores.retrieval import Kind, Neighbour, PassageRepository, Reader, StoredPassage, WordMatch

MATERIAL: tuple[Kind, ...] = ("text", "assignment")
# How deep each ranking is read; further down it has nothing to say about the first few.
_DEPTH = 50
# Found with benchmarks/retrieval.py: what is less alike has nothing to do with the question; and a passage with less of
# the words than this shares words only, where the meaning has been compared as well.
_LEAST_SIMILARITY = 0.15
_LEAST_COVERAGE = 0.6


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is looked for, and in which course; None: in all that the reader may read."""

    text: str
    course_id: UUID | None = None
    kinds: Sequence[Kind] = MATERIAL
    limit: int = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A passage with its score, and its place in each ranking from one on; None: it is not in that one.

    `similarity` is the cosine of the angle to the question, `coverage` how much of its words' weight the passage has.
    """

    passage: StoredPassage
    score: float
    similarity: float | None
    coverage: float
    rank_by_words: int | None
    rank_by_meaning: int | None


async def search(
    connection: Connection, reader: Reader, question: Question, vector: Sequence[float] | Vectors | None
) -> list[Found]:
    """The passages that answer a question, the best first. Without the question's `vector` by words alone."""
    readable = await PassageRepository(connection).readable(reader, question.course_id)
    return await search_versions(connection, readable, question, vector)


async def search_versions(
    connection: Connection, readable: Sequence[UUID], question: Question, vector: Sequence[float] | Vectors | None
) -> list[Found]:
    """The same within versions that the caller knows the reader may read."""
    repository = PassageRepository(connection)
    versions = await repository.indexed(readable)
    if not versions:
        return []
    depth = max(_DEPTH, question.limit)
    by_words = await repository.by_words(question.text, versions, question.kinds, depth)
    by_meaning: list[Neighbour] = []
    if vector is not None:
        nearest = await repository.by_meaning(vector, versions, question.kinds, depth)
        by_meaning = [match for match in nearest if match.similarity >= _LEAST_SIMILARITY]
    best = fuse(by_words, by_meaning)[: question.limit]
    passages = await repository.passages([passage_id for passage_id, _ in best])
    similarities = dict(by_meaning)
    coverages = {match.passage_id: match.coverage for match in by_words}
    word_ranks, meaning_ranks = _ranks(coverages), _ranks(similarities)
    return [
        Found(
            passage=passages[passage_id],
            score=score,
            similarity=similarities.get(passage_id),
            coverage=coverages.get(passage_id, 0.0),
            rank_by_words=word_ranks.get(passage_id),
            rank_by_meaning=meaning_ranks.get(passage_id),
        )
        for passage_id, score in best
        if passage_id in passages  # dropped from the index meanwhile
    ]


def fuse(
    by_words: Sequence[WordMatch], by_meaning: Sequence[Neighbour], least_coverage: float = _LEAST_COVERAGE
) -> list[tuple[int, float]]:
    """Both rankings as one. Where meaning has nothing to say, words decide alone."""
    said = [
        match.passage_id
        for match in by_words
        if not by_meaning or not match.embedded or match.coverage >= least_coverage
    ]
    return reciprocal_rank_fusion([said, [match.passage_id for match in by_meaning]])


def _ranks(ids: Iterable[int]) -> dict[int, int]:
    return {passage_id: rank for rank, passage_id in enumerate(ids, start=1)}
