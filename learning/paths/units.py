"""What a path is made of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, kw_only=True, slots=True)
class Unit:
    """A unit of a course as a path sees it. `place` is where it stands in the course, counted through."""

    id: str
    title: str
    place: int
    minutes: int  # at least 1
    skills: tuple[str, ...] = ()
    after: tuple[str, ...] = ()  # ids of units that come right before, of those to be done
    done: bool = False
    open: bool = True  # whether there is anything that can be done in it now, for the first time or again

    @property
    def to_do(self) -> bool:
        return self.open and not self.done


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """What reviewing leaves behind for a unit: when it is due, and how likely it is still remembered."""

    unit_id: str
    due: datetime
    remembered: float


class Why(StrEnum):
    """Why a step is on the path."""

    REVIEW = "review"  # it is about to be forgotten
    REPEAT = "repeat"  # it was done, and what it teaches is not known yet
    GOAL = "goal"  # it teaches a skill that is a goal and not secure yet
    PREPARES = "prepares"  # a unit further on needs it first
    GAP = "gap"  # its skills are not secure yet
    NEXT = "next"  # it comes next in the course


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One unit to do now."""

    unit: Unit
    why: Why
    reason: str
