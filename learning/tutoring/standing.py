"""What the tutor makes of how far a learner is with what they ask about."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

BEGINNING = "beginning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A skill that the places found are about. `level`: unseen, beginning, growing or secure."""

    skill_id: str
    title: str
    level: str
    answers: int = 0
    right: int = 0


def with_advice(text: str, standings: Sequence[Standing]) -> str:
    """A reply with what follows for this learner: where results have shown that it is weak, to go through it whole."""
    weak = next((one for one in standings if one.level == BEGINNING), None)
    if weak is None:
        return text
    return (
        f"{text}\n\nYou answered {weak.right} of {weak.answers} question{'' if weak.answers == 1 else 's'} on"
        f" “{weak.title}” rightly so far: go through it whole before you go on."
    )


def for_a_model(standings: Sequence[Standing]) -> str:
    """The same as data for a language model that is about to answer, a line of JSON for each skill. Empty where nothing
    is known. Titles are somebody's words: they are quoted, and belong where nothing is taken for an instruction."""
    return "\n".join(
        json.dumps({"skill": one.title, "level": one.level, "right": one.right, "answers": one.answers})
        for one in standings
        if one.answers
    )
