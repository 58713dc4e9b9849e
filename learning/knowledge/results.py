"""From what a learner got in quizzes and assignments to what is known of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from learning.knowledge.history import History
from learning.knowledge.model import KnowledgeModel
from learning.knowledge.skills import SkillMap

RIGHT_FROM = 0.6  # share of an assignment's points


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One question answered, or one assignment graded (`question_id` is None)."""

    unit_id: str
    question_id: str | None
    right: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class Traced:
    """What is known of a learner, and when each skill was last asked for."""

    history: History
    last: dict[str, datetime]


def trace(model: KnowledgeModel, skills: SkillMap, results: Iterable[Result]) -> Traced:
    """Results in the order of time. A question for several skills counts for each; one for none counts for nothing."""
    history, last = History(), {}
    for skill, result in asked(skills, results):
        model.record(history, skill, result.right)
        last[skill] = result.at
    return Traced(history, last)


def asked(skills: SkillMap, results: Iterable[Result]) -> Iterator[tuple[str, Result]]:
    """Results that say something, with the skills that they speak of.

    Answering the very same question rightly again says nothing new: otherwise whoever repeats a quiz they know by heart
    would master anything. Once it is answered wrongly it is not known any more, and a right answer says something.
    """
    known: set[tuple[str, str | None]] = set()
    for result in results:
        question = result.unit_id, result.question_id
        if result.right and question in known:
            continue
        if result.right:
            known.add(question)
        else:
            known.discard(question)
        for skill in skills.asked_by(result.unit_id, result.question_id):
            yield skill, result
