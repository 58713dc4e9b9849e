"""Scoring quizzes: pure rules, one class per kind of question.

A question is right or wrong as a whole. Multiple choice is all or nothing: partial credit would have to punish wrong
ticks to keep "tick everything" from paying, and learners could not tell from the points what they had missed.
"""

from __future__ import annotations

import unicodedata
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeAlias

from deployments.enrollments.progress import HUNDRED, percent
from deployments.kit.errors import Invalid

# As JSON gives it: an option's id, several of them, true or false, a number, or a text.
Answer: TypeAlias = str | list[str] | bool | float


class AnswerFault(Exception):
    """The answer does not fit the question."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Question(ABC):
    """One question with its key. `points` is what a right answer earns."""

    id: str
    points: Decimal
    explanation: str

    @abstractmethod
    def is_right(self, answer: Answer) -> bool:
        """Whether the answer is right. Raises `AnswerFault` for one that does not fit the question."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SingleChoice(Question):
    options: frozenset[str]
    correct: str

    def is_right(self, answer: Answer) -> bool:
        if not isinstance(answer, str):
            raise AnswerFault("wrong_type", "must be the id of one option")
        return _known(answer, self.options) == self.correct


@dataclass(frozen=True, slots=True, kw_only=True)
class MultipleChoice(Question):
    options: frozenset[str]
    correct: frozenset[str]

    def is_right(self, answer: Answer) -> bool:
        if not isinstance(answer, list):
            raise AnswerFault("wrong_type", "must be a list of options' ids")
        return {_known(option, self.options) for option in answer} == self.correct


@dataclass(frozen=True, slots=True, kw_only=True)
class TrueFalse(Question):
    correct: bool

    def is_right(self, answer: Answer) -> bool:
        if not isinstance(answer, bool):
            raise AnswerFault("wrong_type", "must be true or false")
        return answer is self.correct


@dataclass(frozen=True, slots=True, kw_only=True)
class Numeric(Question):
    correct: Decimal
    tolerance: Decimal

    def is_right(self, answer: Answer) -> bool:
        if isinstance(answer, bool) or not isinstance(answer, int | float):
            raise AnswerFault("wrong_type", "must be a number")
        # By its decimal digits: 0.3 is what the learner wrote, not the nearest binary fraction.
        return abs(Decimal(str(answer)) - self.correct) <= self.tolerance


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortText(Question):
    accepted: frozenset[str]  # folded

    def is_right(self, answer: Answer) -> bool:
        if not isinstance(answer, str):
            raise AnswerFault("wrong_type", "must be a text")
        return fold(answer) in self.accepted


def fold(text: str) -> str:
    """What is left of a text when width, case and white space do not count.

    Compatibility caseless matching (Unicode 16, section 3.13, D146), then every run of white space as one space.
    """
    folded = unicodedata.normalize("NFD", text)
    for _ in range(2):
        folded = unicodedata.normalize("NFKD", folded.casefold())
    return " ".join(unicodedata.normalize("NFKC", folded).split())


def _known(option: str, options: frozenset[str]) -> str:
    if option not in options:
        raise AnswerFault("unknown_option", "is not an option of this question")
    return option


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiz:
    """A quiz as it is scored. `attempts_allowed` is None where there is no limit."""

    questions: tuple[Question, ...]
    pass_mark_percent: Decimal
    attempts_allowed: int | None

    def attempts_left(self, used: int) -> int | None:
        """How many attempts remain; None where there is no limit."""
        return None if self.attempts_allowed is None else max(0, self.attempts_allowed - used)


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionResult:
    question_id: str
    points: Decimal
    maximum_points: Decimal
    correct: bool

    def as_json(self) -> dict[str, Any]:
        """For the attempt's row and its event."""
        return {
            "question_id": self.question_id,
            "points": str(self.points),
            "maximum_points": str(self.maximum_points),
            "correct": self.correct,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class QuizResult:
    """`score` is in percent. Passing is decided on the exact share, not on the rounded one."""

    questions: tuple[QuestionResult, ...]
    points: Decimal
    maximum_points: Decimal
    score: Decimal
    passed: bool


def score_quiz(quiz: Quiz, answers: Mapping[str, Answer | None]) -> QuizResult:
    """Score answers by question id; a question without an answer (or with null) earns nothing.

    Raises `Invalid`, which lists every answer that names an unknown question or does not fit its question.
    """
    known = {question.id for question in quiz.questions}
    faults = [_fault(key, "unknown_question", "is not a question of this quiz") for key in answers if key not in known]
    results = []
    for question in quiz.questions:
        answer = answers.get(question.id)
        try:
            right = answer is not None and question.is_right(answer)
        except AnswerFault as fault:
            faults.append(_fault(question.id, fault.code, str(fault)))
            continue
        earned = question.points if right else Decimal(0)
        results.append(
            QuestionResult(question_id=question.id, points=earned, maximum_points=question.points, correct=right)
        )
    if faults:
        raise Invalid(faults)
    return _total(quiz, results)


def _total(quiz: Quiz, results: list[QuestionResult]) -> QuizResult:
    points = sum((result.points for result in results), Decimal(0))
    maximum = sum((result.maximum_points for result in results), Decimal(0))
    return QuizResult(
        questions=tuple(results),
        points=points,
        maximum_points=maximum,
        score=percent(points, maximum),
        passed=points * HUNDRED >= quiz.pass_mark_percent * maximum,
    )


def _fault(question_id: str, code: str, message: str) -> dict[str, Any]:
    return {"pointer": f"/body/answers/{question_id}", "code": code, "message": message}
