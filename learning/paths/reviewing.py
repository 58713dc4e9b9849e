"""Spaced review: when to see something again, by FSRS (Ye, Su and Cao, 2022) as the package `fsrs` has it.

A unit is a card. How well a quiz went is its rating; time does the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from learning.paths.units import Seen

_EASY_FROM, _GOOD_FROM, _HARD_FROM = 0.95, 0.75, 0.5
RATED = {"again": 0.0, "hard": 0.6, "good": 0.8, "easy": 1.0}
"""What a learner says of their memory, as a share."""


@dataclass(frozen=True, slots=True)
class Review:
    """Something that was seen and rated: a share from 0 to 1 of what could be got, or of how sure one was."""

    at: datetime  # aware
    share: float


def seen(unit_id: str, reviews: list[Review], now: datetime) -> Seen | None:
    """Where a unit stands after its reviews, in the order of time; None where there was none.

    Equal reviews give equal dates: nothing is left to chance.
    """
    if not reviews:
        return None
    scheduler = _scheduler()
    card = _card(reviews[0].at)
    for review in sorted(reviews, key=lambda review: review.at):
        card, _ = scheduler.review_card(card, _rating(review.share), review.at)
    return Seen(unit_id=unit_id, due=card.due, remembered=float(scheduler.get_card_retrievability(card, now)))


@cache
def _scheduler() -> Any:
    from fsrs import Scheduler

    # Without learning steps of minutes: a unit is not a flash card to be seen again within the hour.
    return Scheduler(learning_steps=(), relearning_steps=(), enable_fuzzing=False)


def _card(due: datetime) -> Any:
    from fsrs import Card

    return Card(card_id=1, due=due)


def _rating(share: float) -> Any:
    from fsrs import Rating

    if share < _HARD_FROM:
        return Rating.Again
    if share < _GOOD_FROM:
        return Rating.Hard
    return Rating.Good if share < _EASY_FROM else Rating.Easy
