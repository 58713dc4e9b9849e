"""What is known of a cohort: the people who take one presentation of a module."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Bools: TypeAlias = NDArray[np.bool_]


@dataclass(frozen=True)
class Cohort:
    """One presentation with its n learners and t tasks. Days count from its start; NaN is what there is not.

    Shapes: `task_*` (t,), `submitted`, `score` and `banked` (n, t), all others (n,). Scores run from 0 to 100. `clicks`
    is the number of clicks, `visits` of the distinct things clicked on a day, `unevenness` the standard deviation of
    clicks over visits. Where the clicks of some are known, those of whom they are not did not click. `outcome`, where
    it is known, says who withdrew or failed in the end. `own_pace`: everybody starts on a day of their own, a task is
    due when half have done it, and clicks are completions and attempts.
    """

    module: str
    presentation: str
    learners: list[str]
    task_day: Floats
    task_weight: Floats
    submitted: Floats
    score: Floats
    banked: Bools
    registered_day: Floats
    previous_attempts: Floats
    credits: Floats
    clicks: Floats
    visits: Floats
    unevenness: Floats
    outcome: Bools | None = None
    decided: Bools | None = None  # whose outcome is known; None where it is of everybody, or of nobody
    own_pace: bool = False

    @property
    def size(self) -> int:
        return len(self.learners)

    @property
    def known(self) -> Bools:
        """Whose outcome is known, shape (n,)."""
        if self.outcome is None:
            return np.zeros(self.size, dtype=bool)
        return np.ones(self.size, dtype=bool) if self.decided is None else self.decided

    @property
    def season(self) -> str:
        """The part of the year it starts in: the letters after the year in its code, as J in 2014J."""
        return re.sub(r"^\d+", "", self.presentation)

    @property
    def name(self) -> str:
        return f"{self.module} {self.presentation}"
