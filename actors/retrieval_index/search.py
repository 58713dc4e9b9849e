"""Searching the index by words and by meaning at once. Free of Ray: services search in their own process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from learning.embedding.minilm import Vectors
from learning.retrieval.extraction import Around
from learning.retrieval.ranking import Candidate, Ranked, ranked
from stores.postgres import Connection
from stores.retrieval import Kind, Neighbour, PassageRepository, Place, Reader, StoredPassage, WordMatch

MATERIAL: tuple[Kind, ...] = ("text", "assignment")
# How deep each ranking is read; further down it has nothing to say about the first few.
_WORDS_DEEP, _DEPTH = 100, 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is looked for, and in which course; None: in all that the reader may read."""

    text: str
    course_id: UUID | None = None
    kinds: Sequence[Kind] = MATERIAL
    limit: int = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A passage with its score. `similarity` is the cosine of the angle to the question, None where it has no vector;
    `coverage` how much of the question's words' weight the passage has, `around` what was looked through."""

    passage: StoredPassage
    score: float
    similarity: float | None
    coverage: float
    around: Around


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
    near = await nearest(connection, readable, question, vector)
    best = ranked(near.candidates, question.limit)
    passages = await PassageRepository(connection).passages([one.candidate.item for one in best])
    return [_found(one, passages[one.candidate.item], near.around) for one in best if one.candidate.item in passages]


@dataclass(frozen=True, slots=True)
class Nearest:
    """What words or meaning have found in versions, before it is ranked; and what was looked through."""

    candidates: list[Candidate[int]]
    around: Around


async def nearest(
    connection: Connection, readable: Sequence[UUID], question: Question, vector: Sequence[float] | Vectors | None
) -> Nearest:
    """The passages that are to be ranked."""
    repository = PassageRepository(connection)
    sizes = await repository.indexed(readable)
    if not sizes:
        return Nearest([], Around.of(0, []))
    versions = list(sizes)
    by_words = await repository.by_words(question.text, versions, question.kinds, max(_WORDS_DEEP, question.limit))
    by_meaning: list[Neighbour] = []
    if vector is not None:
        by_meaning = await repository.by_meaning(vector, versions, question.kinds, max(_DEPTH, question.limit))
    ids = dict.fromkeys([*(match.passage_id for match in by_meaning), *(match.passage_id for match in by_words)])
    places = await repository.places(list(ids), vector)
    around = Around.of(sum(sizes.values()), [match.similarity for match in by_meaning])
    return Nearest(_candidates(by_words, places), around)


def _candidates(by_words: Sequence[WordMatch], places: Sequence[Place]) -> list[Candidate[int]]:
    words = {match.passage_id: match for match in by_words}
    found = []
    for place in places:
        match = words.get(place.passage_id)
        score, coverage = (match.score, match.coverage) if match else (0.0, 0.0)
        section = (place.version_id, place.heading)
        found.append(Candidate(place.passage_id, section, score, coverage, place.similarity))
    return found


def _found(one: Ranked[int], passage: StoredPassage, around: Around) -> Found:
    candidate = one.candidate
    return Found(
        passage=passage, score=one.score, similarity=candidate.similarity, coverage=candidate.coverage, around=around
    )
