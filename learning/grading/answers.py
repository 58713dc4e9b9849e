"""What is graded, and what comes of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from learning.grading.concerns import Concern


class Label(StrEnum):
    """What an answer says, beside the references: the three labels of Dzikovska and others (2013)."""

    CORRECT = "correct"
    CONTRADICTORY = "contradictory"  # it says the opposite of a reference
    INCORRECT = "incorrect"  # it is incomplete, beside the point, or wrong in another way


LABELS = tuple(Label)


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """A question with answers that would be right, at least one. Equal questions have equal ids."""

    id: str
    text: str
    references: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Graded:
    """An answer that a person has graded."""

    question: Question
    answer: str
    label: Label


@dataclass(frozen=True, kw_only=True, slots=True)
class Grade:
    """A suggestion. `confidence` is the chance that a person would give the same label, by the model's own account."""

    label: Label
    score: float  # 0 to 1: the chance that it is right
    confidence: float  # 0 to 1
    feedback: str
    probabilities: tuple[float, float, float]  # in the order of LABELS
    graded_answers: int  # how many graded answers to the same question it was compared with
    model: str
    concerns: tuple[Concern, ...] = ()

    def needs_person(self, at_least: float) -> bool:
        """Whether it is too unsure to stand without a look, or its answer needs one whatever the model says."""
        return bool(self.concerns) or self.confidence < at_least
