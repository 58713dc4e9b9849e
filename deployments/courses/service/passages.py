"""Finding passages of what a person may read."""

from __future__ import annotations

from dataclasses import dataclass

import structlog

from actors.retrieval_index.search import Found, Question, search
from deployments.courses.schemas import PassageQuery
from deployments.courses.service.access import visible_course
from deployments.kit.principal import Principal
from deployments.kit.work import Work
from learning.embedding.embedder import Embedder
from learning.embedding.errors import EmbeddingUnavailable
from learning.embedding.minilm import Vectors
from stores.retrieval import Reader

log = structlog.get_logger("azora.courses")


@dataclass(frozen=True, slots=True)
class FoundPassages:
    """Passages, the best first; `by_meaning`: they were compared by meaning too, not by words alone."""

    passages: list[Found]
    by_meaning: bool


class Passages:
    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    async def search(self, work: Work, principal: Principal, query: PassageQuery) -> FoundPassages:
        """The passages that answer a question, of the versions whose content the person may read.

        Raises `CourseNotFound` where a course is named that they cannot see.
        """
        vector = await self._vector(query.q)  # before a connection is held
        if query.course_id is not None:
            await visible_course(work, principal, query.course_id)
        reader = Reader(user_id=principal.user_id, any_course=principal.may("courses.any"))
        question = Question(text=query.q, course_id=query.course_id, limit=query.limit)
        return FoundPassages(await search(await work.connection(), reader, question, vector), vector is not None)

    async def _vector(self, text: str) -> Vectors | None:
        if self._embedder.problem is not None:
            return None
        try:
            vectors = await self._embedder.embed([text])
        except EmbeddingUnavailable as error:
            log.warning("searching by words alone", cause=error.detail)
            return None
        vector: Vectors = vectors[0]
        return vector
