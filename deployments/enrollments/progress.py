"""How far a learner is, worked out from units alone. Decimal throughout, rounded down."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from uuid import UUID

HUNDRED = Decimal(100)
_PROGRESS_STEP = Decimal("0.01")
_SCORE_STEP = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class UnitRecord:
    """What a learner has to show for one unit: when it was completed, if it was, and the score in percent."""

    completed_at: datetime | None = None
    score: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a learner stands in one version of a course. `progress` and `score` are percentages."""

    progress: Decimal
    score: Decimal | None

    @property
    def complete(self) -> bool:
        """Whether every unit is complete."""
        return self.progress == HUNDRED


def progress_of(units: Collection[UUID], completed: Collection[UUID]) -> Decimal:
    """The completed share of `units` in percent, two decimals, rounded down.

    100.00 exactly when every unit is complete; units that are not in `units` count for nothing. A version without
    units is never complete: there is nothing to certify.
    """
    if not units:
        return Decimal("0.00")
    done = len(set(units) & set(completed))
    return (HUNDRED * done / len(set(units))).quantize(_PROGRESS_STEP, ROUND_DOWN)


def percent(points: Decimal, maximum: Decimal) -> Decimal:
    """`points` of `maximum` in percent, four decimals, rounded down, so that 100 means all of them.

    Where there is nothing to gain nothing is missing: 100.
    """
    share = HUNDRED * points / maximum if maximum else HUNDRED
    return share.quantize(_SCORE_STEP, ROUND_DOWN)


def mean_score(scores: Iterable[Decimal | None]) -> Decimal | None:
    """The mean of the scores there are, four decimals; None where there are none."""
    found = [score for score in scores if score is not None]
    return (sum(found, Decimal()) / len(found)).quantize(_SCORE_STEP, ROUND_HALF_UP) if found else None


def standing_of(units: Collection[UUID], records: Mapping[UUID, UnitRecord]) -> Standing:
    """Progress and mean score over `units`; records of other units (of other versions) count for nothing."""
    completed = [unit for unit, record in records.items() if record.completed_at is not None]
    scores = [record.score for unit, record in records.items() if unit in units]
    return Standing(progress_of(units, completed), mean_score(scores))
