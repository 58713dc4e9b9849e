"""The facts behind a prediction, as sentences. Of what is not known nothing is said."""

from __future__ import annotations

import numpy as np

from learning.prediction.cohort import Cohort
from learning.prediction.features import PASS_MARK


class Facts:
    """What is known of the learners of a cohort by a day."""

    def __init__(self, cohort: Cohort, day: int) -> None:
        self._cohort = cohort
        known = cohort.submitted <= day
        due = cohort.task_day <= day
        self._due = int(due.sum())
        self._made = known[:, due].sum(axis=1)
        self._late = (known[:, due] & (cohort.submitted[:, due] > cohort.task_day[due])).sum(axis=1)
        self._early = known[:, ~due].sum(axis=1)
        score = np.where(known, cohort.score, np.nan)[:, due]
        marked = np.isfinite(score).sum(axis=1)
        self._mark = np.where(marked > 0, np.nansum(score, axis=1) / np.maximum(1, marked), np.nan)
        self._usual_mark = float(np.nanmean(self._mark)) if np.isfinite(self._mark).any() else float("nan")
        self._failed = (np.nan_to_num(score, nan=100.0) < PASS_MARK).sum(axis=1)
        self._clicks_known = bool(np.isfinite(cohort.clicks).any())
        self._clicks = np.nan_to_num(cohort.clicks)
        self._usual_clicks = float(np.median(self._clicks)) if cohort.size else 0.0

    def about(self, subject: str, row: int) -> str | None:
        """A sentence on a learner, or None where nothing of that subject is known."""
        found: str | None = getattr(self, f"_{subject}")(row)
        return found

    def started_late(self, row: int) -> bool:
        """Whether it is known that they registered after the start."""
        return bool(self._cohort.registered_day[row] > 0)  # NaN is not

    def _submissions(self, row: int) -> str | None:
        if not self._due:
            return None
        if self._cohort.own_pace:
            return f"Has done {self._made[row]} of {self._due} tasks that half of the course do by this day"
        return f"Handed in {self._made[row]} of {self._due} tasks that were due"

    def _marks(self, row: int) -> str | None:
        if not self._due:
            return None
        if not np.isfinite(self._mark[row]):
            return "No marks yet"
        failed = f", {self._failed[row]} below {PASS_MARK:.0f}" if self._failed[row] else ""
        return f"Mean mark {self._mark[row]:.0f} where the course has {self._usual_mark:.0f}{failed}"

    def _punctuality(self, row: int) -> str | None:
        if not self._made[row]:
            return None
        share = f"{self._late[row] or 'None'} of {self._made[row]}"
        if self._cohort.own_pace:
            return f"{share} tasks done later than by half of the course"
        return f"{share} pieces of work came late"

    def _activity(self, row: int) -> str | None:
        if not self._clicks_known:
            return None
        number, usual = f"{self._clicks[row]:.0f}", f"where half of the course have {self._usual_clicks:.0f} or more"
        if self._cohort.own_pace:
            done = f"Units completed and attempts made: {number}, {usual}"
            return done if self._clicks[row] else "Has completed no unit and made no attempt"
        if number == "0":
            return "Has not opened the course material"
        return f"{number} click{_s(number)} in the course material {usual}"

    def _ahead(self, row: int) -> str | None:
        if self._cohort.own_pace:
            return "Does tasks before half of the course do" if self._early[row] else "Has done no further task yet"
        return "Works ahead of the dates" if self._early[row] else "Has done nothing ahead of its date yet"

    def _registration(self, row: int) -> str | None:
        day = self._cohort.registered_day[row]
        if not np.isfinite(day):
            return None
        if day == 0:
            return "Registered on the day of the start"
        return f"Registered {abs(day):.0f} day{_s(f'{abs(day):.0f}')} {'before' if day < 0 else 'after'} the start"

    def _repeating(self, row: int) -> str | None:
        before = self._cohort.previous_attempts[row]
        if not np.isfinite(before):
            return None
        return f"Takes this for the {_ordinal(int(before) + 1)} time" if before else "Takes this for the first time"

    def _load(self, row: int) -> str | None:
        credits = self._cohort.credits[row]
        return f"Studies {credits:.0f} credits at the same time" if np.isfinite(credits) else None


def _s(number: str) -> str:
    return "" if number == "1" else "s"


def _ordinal(number: int) -> str:
    return {1: "first", 2: "second", 3: "third"}.get(number, f"{number}th")
