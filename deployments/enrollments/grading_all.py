"""Grades suggested for everything that waits, for the batch job: in the name of whoever answers for each course."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from deployments.enrollments.errors import (
    LanguageNotGraded,
    NothingToGradeBy,
    OwnSubmission,
    SubmissionChanged,
    SubmissionNotFound,
    SubmissionSuperseded,
)
from deployments.enrollments.marking import Marker
from deployments.enrollments.repository.suggestions import SuggestionRepository
from deployments.enrollments.second_opinion import SecondOpinion
from deployments.enrollments.suggesting import Suggesting
from deployments.enrollments.versions import Versions
from deployments.kit.asking import Asking
from deployments.kit.judging import Edge
from deployments.kit.principal import Principal
from deployments.kit.work import Work
from learning.embedding.embedder import Embedder
from stores.ids import new_id
from stores.postgres import Database

_SECONDS = 3_600
# What may have happened to a work since the list was made, and works that nothing can be said of.
_PASSED_OVER = (SubmissionChanged, SubmissionNotFound, SubmissionSuperseded, OwnSubmission)
_NOT_GRADED = (NothingToGradeBy, LanguageNotGraded)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A work that is neither graded nor has a suggestion, and who answers for its course."""

    submission_id: UUID
    unit_id: UUID
    instructor_id: UUID
    role: str | None  # None where that person is not active


async def waiting(
    database: Database, org_id: UUID, courses: Sequence[UUID], units: Sequence[UUID] = ()
) -> list[Waiting]:
    """The newest works of everybody that wait, those of one unit together; of all courses and assignments where none
    are named."""
    async with database.transaction(org_id, readonly=True) as connection:
        rows = await SuggestionRepository(connection).waiting(list(courses) or None, list(units) or None)
        return [Waiting(**row) for row in rows]


@dataclass(frozen=True, slots=True)
class Opinion:
    """A model that gives a second opinion on essays, and the key it is asked with."""

    asking: Asking
    key: str


class SuggestingAll:
    """Suggests grades, each in a transaction of its own; several at once may be asked for."""

    def __init__(
        self, database: Database, embedder: Embedder, confident: float, opinion: Opinion | None = None
    ) -> None:
        self._database = database
        self._key = opinion.key if opinion is not None else ""
        self._suggesting = Suggesting(
            database=database,
            versions=Versions(),
            marking=Marker(embedder),
            confident=confident,
            edge=Edge.of(database, "enrollments", "grading"),
            second_opinion=SecondOpinion(opinion.asking) if opinion is not None else None,
        )

    async def suggest(self, org_id: UUID, work: Waiting) -> str:
        """What came of it: `suggested`, `for_a_person` (suggested, but too unsure), `passed_over` (it does not wait any
        more), `not_graded` (nothing to grade it by, or another language) or `without_instructor` (nobody active answers
        for the course).

        Raises `AutomatedDecisionsStopped`.
        """
        if work.role is None:
            return "without_instructor"
        principal = _in_the_name_of(org_id, work, work.role)
        try:
            async with Work(self._database, org_id, "enrollments", by=principal) as unit:
                told = await self._suggesting.suggest(unit, principal, work.submission_id, self._key)
        except _PASSED_OVER:
            return "passed_over"
        except _NOT_GRADED:
            return "not_graded"
        return "for_a_person" if told.suggestion.needs_person else "suggested"


def _in_the_name_of(org_id: UUID, work: Waiting, role: str) -> Principal:
    now = time.time()
    return Principal(
        user_id=work.instructor_id, org_id=org_id, role=role, session_id=new_id(), token_id="job",
        issued_at=now, expires_at=now + _SECONDS, acting="job:suggest-grades",
    )  # fmt: skip
