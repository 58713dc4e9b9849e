"""How far a learner is with a skill, and why that is thought, in words to the learner."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from learning.knowledge.history import History, SkillHistory
from learning.knowledge.model import KnowledgeModel


class Level(StrEnum):
    """How far."""

    UNSEEN = "unseen"  # nothing answered yet
    BEGINNING = "beginning"
    GROWING = "growing"
    SECURE = "secure"


SECURE_FROM, GROWING_FROM = 0.85, 0.5
_SURE_AFTER = 2  # questions answered rightly: a single one, however often it is asked, makes nobody secure


@dataclass(frozen=True, kw_only=True, slots=True)
class Mastery:
    """Of one skill."""

    skill: str
    level: Level
    known: float  # chance that it is known
    next_right: float  # chance that the next question is answered rightly
    answers: int
    right: int
    explanation: str


def mastery(model: KnowledgeModel, history: History, name: str, title: str | None = None) -> Mastery:
    """Of a learner with this history; `title` is what the skill is called in the explanation."""
    own = history.skills.get(name)
    known = history.known(name, model.skill(name))
    next_right = model.chance(history, name)
    reached = level(known, own)
    return Mastery(
        skill=name,
        level=reached,
        known=known,
        next_right=next_right,
        answers=own.answers if own else 0,
        right=own.right if own else 0,
        explanation=_explanation(reached, own, known, next_right, title or name),
    )


def level(known: float, own: SkillHistory | None) -> Level:
    """How far somebody is, by the chance that the skill is known and what was answered."""
    if own is None:
        return Level.UNSEEN
    if known >= SECURE_FROM and own.right >= _SURE_AFTER:
        return Level.SECURE
    return Level.GROWING if known >= GROWING_FROM else Level.BEGINNING


def _explanation(reached: Level, own: SkillHistory | None, known: float, next_right: float, title: str) -> str:
    if own is None:
        return (
            f"You have not answered anything on “{title}” yet. From what is usual and your other answers, you "
            f"would answer about {_in_ten(next_right)} of ten questions rightly."
        )
    counted = (
        f"You answered {own.right} of {own.answers} question{'' if own.answers == 1 else 's'} on “{title}” rightly"
    )
    return f"{counted}{_trend(own)}. {_verdict(reached)}: the chance that you know it is {round(known * 100)} %."


def _trend(own: SkillHistory) -> str:
    if own.streak >= 3:
        return f", the last {own.streak} in a row"
    if own.streak <= -2 and own.right:
        return f", but not the last {-own.streak}"
    return ""


def _verdict(reached: Level) -> str:
    match reached:
        case Level.SECURE:
            return "You seem to have it"
        case Level.GROWING:
            return "You are getting there"
        case _:
            return "It needs more practice"


def _in_ten(chance: float) -> int:
    return max(0, min(10, round(chance * 10)))
