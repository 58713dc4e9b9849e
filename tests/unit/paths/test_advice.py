"""What is noted of advice is time that there is."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from deployments.learning.paths import Path
from learning.paths.units import Step, Unit, Why


def test_of_a_unit_to_begin_no_more_is_advised_than_there_is() -> None:
    def shares(*steps: tuple[int, Why]) -> tuple[int, int]:
        nobody: Any = None
        made = [
            Step(unit=Unit(id=str(place), title="Unit", place=place, minutes=minutes), why=why, reason="Why.")
            for place, (minutes, why) in enumerate(steps)
        ]
        path = Path(
            known=nobody, goals=None, minutes=45, steps=made, reviews=(), titles={}, finished=False, closed=(),
            planned_at=datetime.now(UTC),
        )  # fmt: skip
        return path.shares

    assert shares((3, Why.REVIEW), (50, Why.NEXT)) == (45, 3)
    assert shares((60, Why.REVIEW)) == (45, 45)
    assert shares((10, Why.REPEAT), (20, Why.GAP)) == (30, 10)
