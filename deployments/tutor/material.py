"""What a version of a course says about a question: its passages, their best sentences, and its quizzes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from actors.retrieval_index.quoting import quotations
from actors.retrieval_index.search import Found, Question, search_versions
from learning.embedding.embedder import Embedder
from learning.embedding.minilm import Vectors
from learning.retrieval import extraction
from learning.retrieval.sentence_vectors import unpacked
from learning.tutoring.quizzes import QuizQuestion, questions
from learning.tutoring.replies import Quotation, Source
from stores.postgres import Connection
from stores.retrieval import PassageRepository

_PASSAGES = 5
_REMEMBERED_VERSIONS = 256


@dataclass(frozen=True, slots=True)
class Quizzes:
    """A version's quiz questions, with the vectors of their prompts (n, d) where there are any. `places`: what to
    call its units where their titles may not be said."""

    questions: tuple[QuizQuestion, ...]
    vectors: Vectors | None
    places: Mapping[UUID, str] = field(default_factory=dict)


NO_QUIZZES = Quizzes((), None)


class Material:
    """Reads what is indexed. Versions never change, so their quizzes are kept: the least recently used goes first."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._quizzes: OrderedDict[UUID, Quizzes] = OrderedDict()

    async def vectors(self, texts: Iterable[str]) -> dict[str, Vectors]:
        """What each of some questions means (d); nothing where meaning cannot be compared at present."""
        distinct = list(dict.fromkeys(texts))
        vectors = await self._embedder.attempt(distinct)
        return {} if vectors is None else dict(zip(distinct, vectors, strict=True))

    async def passages(
        self, connection: Connection, version_id: UUID, question: str, vector: Vectors | None
    ) -> list[Found]:
        """The passages that are nearest to a question, the best first."""
        wanted = Question(text=question, limit=_PASSAGES)
        return await search_versions(connection, [version_id], wanted, vector)

    async def is_indexed(self, connection: Connection, version_id: UUID) -> bool:
        """Whether a version can be searched: that nothing is found says something of it only then."""
        return version_id in await PassageRepository(connection).indexed([version_id])

    async def quotations(self, question: str, vector: Vectors | None, found: Sequence[Found]) -> list[Quotation]:
        """The sentences of passages that fit a question best, in reading order; none where they do not answer it."""
        quoted = await quotations(self._embedder, question, vector, found)
        return [Quotation(text, source_of(one)) for text, one in quoted]

    async def quizzes(self, version_id: UUID, content: Mapping[str, Any] | None) -> Quizzes | None:
        """A version's quizzes, from memory or from `content`; None where neither has them."""
        if (known := self._quizzes.get(version_id)) is not None:
            self._quizzes.move_to_end(version_id)
            return known
        if content is None:
            return None
        found = tuple(questions(content))
        vectors = await self._embedder.attempt([question.prompt for question in found]) if found else None
        made = Quizzes(found, vectors, _places(content))
        if vectors is not None or not found:  # without vectors it is worth another try
            self._quizzes[version_id] = made
            if len(self._quizzes) > _REMEMBERED_VERSIONS:
                self._quizzes.popitem(last=False)
        return made


def source_of(found: Found) -> Source:
    """Where a passage stands."""
    passage = found.passage
    return Source(unit_id=passage.unit_id, passage_id=passage.id, heading=passage.heading)


def meaning_of(found: Sequence[Found]) -> dict[str, Vectors]:
    """What sentences of passages mean, as far as that is stored."""
    known: dict[str, Vectors] = {}
    for one in found:
        sentences = extraction.candidates([one.passage.text])
        if (vectors := unpacked(one.passage.sentences, len(sentences))) is not None:
            known.update(zip((quote.text for quote in sentences), vectors, strict=True))
    return known


def _places(content: Mapping[str, Any]) -> dict[UUID, str]:
    return {
        UUID(unit["id"]): f"Module {module_number}, unit {number}"
        for module_number, module in enumerate(content["modules"], start=1)
        for number, unit in enumerate(module["units"], start=1)
    }
