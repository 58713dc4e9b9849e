"""What a version of a course says about a question: its passages, their best sentences, and its quizzes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import structlog

from actors.retrieval_index.search import Found, Question, search_versions
from learning.embedding.embedder import Embedder
from learning.embedding.errors import EmbeddingUnavailable
from learning.embedding.minilm import Vectors
from learning.retrieval import extraction
from learning.tutoring.quizzes import QuizQuestion, questions
from learning.tutoring.replies import Quotation, Source
from stores.postgres import Connection

log = structlog.get_logger("azora.tutor")

_PASSAGES = 5
_SENTENCES = 4
_REMEMBERED_VERSIONS = 256


@dataclass(frozen=True, slots=True)
class Quizzes:
    """A version's quiz questions, with the vectors of their prompts (n, d) where there are any."""

    questions: tuple[QuizQuestion, ...]
    vectors: Vectors | None


class Material:
    """Reads what is indexed. Versions never change, so their quizzes are kept: the least recently used goes first."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._quizzes: OrderedDict[UUID, Quizzes] = OrderedDict()

    async def vector(self, text: str) -> Vectors | None:
        """What a question means; None where meaning cannot be compared at present."""
        vectors = await self._embedded([text])
        return None if vectors is None else vectors[0]

    async def passages(
        self, connection: Connection, version_id: UUID, question: str, vector: Vectors | None
    ) -> list[Found]:
        """Passages that are near enough to a question to answer it, the best first."""
        wanted = Question(text=question, limit=_PASSAGES)
        found = await search_versions(connection, [version_id], wanted, vector)
        return [one for one in found if extraction.is_supported(one.similarity, one.coverage)]

    async def quotations(self, question: str, vector: Vectors | None, found: Sequence[Found]) -> list[Quotation]:
        """The sentences of passages that fit a question best, in reading order."""
        quotes = extraction.candidates([one.passage.text for one in found])
        vectors = await self._embedded([quote.text for quote in quotes]) if vector is not None and quotes else None
        if vector is None or vectors is None:
            likeness = extraction.by_words(question, quotes)
        else:
            likeness = extraction.by_meaning(vector, vectors)
        chosen = extraction.select(quotes, likeness, _SENTENCES) if quotes else []
        return [Quotation(quote.text, source_of(found[quote.source])) for quote in chosen]

    async def quizzes(self, version_id: UUID, content: dict[str, object] | None) -> Quizzes | None:
        """A version's quizzes, from memory or from `content`; None where neither has them."""
        if (known := self._quizzes.get(version_id)) is not None:
            self._quizzes.move_to_end(version_id)
            return known
        if content is None:
            return None
        found = tuple(questions(content))
        vectors = await self._embedded([question.prompt for question in found]) if found else None
        made = Quizzes(found, vectors)
        if vectors is not None or not found:  # without vectors it is worth another try
            self._quizzes[version_id] = made
            if len(self._quizzes) > _REMEMBERED_VERSIONS:
                self._quizzes.popitem(last=False)
        return made

    async def _embedded(self, texts: Sequence[str]) -> Vectors | None:
        if self._embedder.problem is not None:
            return None
        try:
            return await self._embedder.embed(texts)
        except EmbeddingUnavailable as error:
            log.warning("tutoring by words alone", cause=error.detail)
            return None


def source_of(found: Found) -> Source:
    """Where a passage stands."""
    passage = found.passage
    return Source(unit_id=passage.unit_id, passage_id=passage.id, heading=passage.heading)
