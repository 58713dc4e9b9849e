"""What the tutor makes of how far a learner is with what they ask about."""

from __future__ import annotations

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
    """The same for a language model that is about to answer. Empty where nothing is known."""
    known = [f"{one.title}: {one.level} ({one.right} of {one.answers} right)" for one in standings if one.answers]
    if not known:
        return ""
    return (
        "What the learner has shown of this so far, to be taken into account and not to be mentioned: "
        + "; ".join(known)
        + ". Explain what is at its beginning from the ground up, and be brief about what is secure."
    )
