"""From what a learner got in quizzes and assignments to what is known of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from learning.knowledge.history import History
from learning.knowledge.model import KnowledgeModel
from learning.knowledge.skills import SkillMap

RIGHT_FROM = 0.6  # share of an assignment's points

_Question: TypeAlias = tuple[str, str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One question answered, or one assignment graded (`question_id` is None)."""

    unit_id: str
    question_id: str | None
    right: bool
    at: datetime

    @property
    def question(self) -> _Question:
        """What was asked: an assignment is one question."""
        return self.unit_id, self.question_id


@dataclass(frozen=True, slots=True)
class Traced:
    """What is known of a learner, and when each skill was last asked for."""

    history: History
    last: dict[str, datetime]


def trace(model: KnowledgeModel, skills: SkillMap, results: Sequence[Result]) -> Traced:
    """Results in the order of time. A question for several skills counts for each; one for none counts for nothing."""
    history, last = History(), {}
    for skill, result in asked(skills, results):
        model.record(history, skill, result.right)
    for result in results:
        for skill in skills.asked_by(result.unit_id, result.question_id):
            last[skill] = result.at
    return Traced(history, last)


def asked(skills: SkillMap, results: Sequence[Result]) -> Iterator[tuple[str, Result]]:
    """Results that say something, in the order of time, with the skills that they speak of.

    Once a question was answered rightly, only wrong answers since it was so last say something: answering it rightly
    again takes back what wrong ones have cost and adds nothing, or else whoever repeats a quiz they know by heart would
    master anything. So each question is counted as right once at most.
    """
    first: dict[_Question, int] = {}
    latest: dict[_Question, int] = {}
    for place, result in enumerate(results):
        if result.right:
            latest[result.question] = place
            first.setdefault(result.question, place)
    for place, result in enumerate(results):
        if result.question in first and first[result.question] < place <= latest[result.question]:
            continue
        for skill in skills.asked_by(result.unit_id, result.question_id):
            yield skill, result
