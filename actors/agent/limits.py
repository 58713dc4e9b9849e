"""How long and how often, in one place."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Self

from configs.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """`run` bounds the time a task is worked on at a stretch, `idle` the time in which no step ends,
    `planning` the time that a model may take for a plan.

    `claims` is how often it is taken up without getting on. An effect that was begun longer ago than `effect_known` is
    not repeated: the services remember idempotency keys for a day.
    """

    run: timedelta = timedelta(minutes=15)
    idle: timedelta = timedelta(minutes=2)
    planning: timedelta = timedelta(minutes=2)
    claims: int = 10
    effect_known: timedelta = timedelta(hours=23)
    # A pause up to this is slept through; during a longer one the task waits in the database.
    short_pause: timedelta = timedelta(seconds=2)
    late_effect: timedelta = timedelta(seconds=30)
    output_bytes: int = 1_048_576

    @classmethod
    def of(cls, settings: Settings) -> Self:
        return cls(
            run=settings.agent_run_timeout,
            idle=settings.agent_idle_timeout,
            planning=settings.agent_planning_timeout,
        )
