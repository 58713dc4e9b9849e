"""Bayesian knowledge tracing with forgetting.

Corbett and Anderson (1995), with the chance of forgetting that they left at nil. A skill is known or not. Before every
answer but the first it may be learnt or forgotten; a known skill slips, an unknown one is guessed.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Parameters:
    """Of one skill. All are chances; a known skill is answered rightly more often: guess + slip < 1."""

    known: float  # before the first answer
    learn: float
    forget: float
    guess: float
    slip: float


TYPICAL = Parameters(known=0.45, learn=0.12, forget=0.02, guess=0.25, slip=0.12)
"""For a skill of which nothing has been fitted: middling values, meant to be moved quickly by answers."""


def chance_of_right(known: float, skill: Parameters) -> float:
    """Of answering rightly, when the skill is known with this chance."""
    return known * (1 - skill.slip) + (1 - known) * skill.guess


def after(known: float, right: bool, skill: Parameters) -> float:
    """The chance that the skill is known at the next answer, when this one was right or wrong."""
    if right:
        likely, total = known * (1 - skill.slip), chance_of_right(known, skill)
    else:
        likely, total = known * skill.slip, 1 - chance_of_right(known, skill)
    seen = likely / total if total > 0 else known
    return seen * (1 - skill.forget) + (1 - seen) * skill.learn
