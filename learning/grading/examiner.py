"""One who grades whatever is handed in: short answers by references, essays by rubrics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from learning.grading.answers import Grade, Graded, Label, Question
from learning.grading.concerns import Concern, trust
from learning.grading.essays import CriterionMark, EssayGrader
from learning.grading.features import Asked
from learning.grading.feedback import feedback
from learning.grading.model import Grader, question_key
from learning.grading.partial import share_of
from learning.grading.reading import Reader, Reading, TokenModel
from learning.grading.rubrics import Basis, Rubric
from learning.grading.storing import SHIPPED, load

_SURE = 0.6


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """What a model says of a work. `share` is of all points; `confidence` the chance that a person gives about the
    same, by the model's own account."""

    share: float
    confidence: float
    feedback: str
    label: Label | None = None
    criteria: tuple[CriterionMark, ...] = ()
    concerns: tuple[Concern, ...] = ()
    graded_answers: int = 0
    made_by: Mapping[str, Any] = field(default_factory=dict)


class Examiner:
    """Loaded once; the sentence model is whoever's it is given."""

    def __init__(self, model: TokenModel) -> None:
        self._reader = Reader(model)
        self._answers = Grader(load(SHIPPED), self._reader)
        self._essays = EssayGrader(self._reader)

    def examine(self, basis: Basis, work: str, heard: Sequence[Graded] = ()) -> Examined:
        """A work, by what it is graded by. `heard` are graded answers to the same question."""
        if isinstance(basis, Rubric):
            return self._essay(basis, work)
        return self._answer(basis, work, heard)

    def _answer(self, question: Question, work: str, heard: Sequence[Graded]) -> Examined:
        [grade] = self._answers.grade(question, [work], heard)
        prepared = self._answers.prepare(question)
        [read] = self._reader.read([work])
        model = self._answers.model
        return Examined(
            share=share_of(grade.label, read, prepared.references) if read.words else 0.0,
            confidence=trust(grade.confidence, grade.concerns),
            feedback=self._said(grade, read, prepared),
            label=grade.label,
            concerns=grade.concerns,
            graded_answers=grade.graded_answers,
            made_by={"method": "references", "model": model.name, "made_of": dict(model.about)},
        )

    @staticmethod
    def _said(grade: Grade, read: Reading, prepared: Asked) -> str:
        """That somebody says the opposite is told only where it is fairly sure."""
        if grade.label is Label.CONTRADICTORY and grade.confidence < _SURE:
            return feedback(Label.INCORRECT, read, prepared.references)
        return grade.feedback

    def _essay(self, rubric: Rubric, work: str) -> Examined:
        mark = self._essays.grade(rubric, work)
        return Examined(
            share=mark.share,
            confidence=mark.confidence,
            feedback=mark.feedback,
            criteria=mark.criteria,
            concerns=mark.concerns,
            made_by={"method": "rubric", "model": self._essays.name},
        )


def basis_key(basis: Basis) -> str:
    """The same for works that are graded by the same."""
    return basis.key if isinstance(basis, Rubric) else question_key(basis)
