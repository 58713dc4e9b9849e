"""The models that grade, loaded when the first grade is asked for, beside the event loop."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from deployments.enrollments.repository.suggestions import Heard
from learning.embedding.embedder import Embedder, Model
from learning.grading.answers import Graded, Label
from learning.grading.rubrics import Basis, Rubric

if TYPE_CHECKING:
    from learning.grading.examiner import Examined, Examiner


class Marker:
    """Grades in the thread of the embedder, with its sentence model. Keeps vectors of graded answers, no texts."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._examiner: Examiner | None = None

    async def examine(self, basis: Basis, work: str, heard: Sequence[Heard]) -> Examined:
        """What a model says of a work. Raises `EmbeddingUnavailable`."""
        return await self._embedder.run(lambda model: self._ready(model).examine(basis, work, _graded(basis, heard)))

    def key(self, basis: Basis) -> str:
        """The same for works that are graded by the same."""
        from learning.grading.examiner import basis_key

        return basis_key(basis)

    def _ready(self, model: Model) -> Examiner:
        if self._examiner is None:
            from learning.grading.examiner import Examiner

            self._examiner = Examiner(model)
        return self._examiner


def _graded(basis: Basis, heard: Sequence[Heard]) -> list[Graded]:
    if isinstance(basis, Rubric):
        return []
    from learning.grading.partial import label_of

    return [
        Graded(question=basis, answer=one.body, label=label_of(one.given, Label(one.label or Label.INCORRECT)))
        for one in heard
    ]
