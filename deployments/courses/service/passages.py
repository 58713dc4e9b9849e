"""Finding passages of what a person may read."""

from __future__ import annotations

from dataclasses import dataclass

from actors.retrieval_index.search import Found, Question, search
from deployments.courses.schemas import PassageQuery
from deployments.courses.service.access import visible_course
from deployments.kit.principal import Principal
from deployments.kit.work import Work
from learning.embedding.embedder import Embedder
from stores.retrieval import Reader


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
        vectors = await self._embedder.attempt([query.q])  # before a connection is held
        vector = None if vectors is None else vectors[0]
        if query.course_id is not None:
            await visible_course(work, principal, query.course_id)
        reader = Reader(user_id=principal.user_id, any_course=principal.may("courses.any"))
        question = Question(text=query.q, course_id=query.course_id, limit=query.limit)
        return FoundPassages(await search(await work.connection(), reader, question, vector), vector is not None)
