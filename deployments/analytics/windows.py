"""Ranges of time cut into windows: minutes, hours or days of UTC, half-open, as the figures are kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from deployments.kit.errors import Invalid

MAXIMUM_WINDOWS = 1_500
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_LATEST = datetime(2200, 1, 1, tzinfo=UTC)


class Granularity(StrEnum):
    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"

    @property
    def step(self) -> timedelta:
        """The length of one window."""
        return _STEPS[self]

    def floor(self, moment: datetime) -> datetime:
        """The beginning of the window that a moment lies in."""
        if self is Granularity.DAY:
            return moment.replace(hour=0, minute=0, second=0, microsecond=0)
        if self is Granularity.HOUR:
            return moment.replace(minute=0, second=0, microsecond=0)
        return moment.replace(second=0, microsecond=0)

    def ceiling(self, moment: datetime) -> datetime:
        """The end of the last window that has something before a moment."""
        floor = self.floor(moment)
        return floor if floor == moment else floor + self.step


_STEPS = {
    Granularity.MINUTE: timedelta(minutes=1),
    Granularity.HOUR: timedelta(hours=1),
    Granularity.DAY: timedelta(days=1),
}
_DEFAULT_LENGTHS = {
    Granularity.MINUTE: timedelta(hours=1),
    Granularity.HOUR: timedelta(days=1),
    Granularity.DAY: timedelta(days=30),
}


@dataclass(frozen=True, slots=True)
class Range:
    """Whole windows from `start` (included) to `end` (excluded), in UTC."""

    start: datetime
    end: datetime
    granularity: Granularity

    def __len__(self) -> int:
        return (self.end - self.start) // self.granularity.step

    def windows(self) -> list[datetime]:
        """The beginning of each window, in order."""
        return [self.start + n * self.granularity.step for n in range(len(self))]


@dataclass(frozen=True, slots=True)
class Kept:
    """How long windows are kept by their length; days are kept for ever."""

    minutes: timedelta
    hours: timedelta

    def earliest(self, granularity: Granularity, now: datetime) -> datetime:
        """The earliest moment that windows of a granularity are kept for."""
        length = {Granularity.MINUTE: self.minutes, Granularity.HOUR: self.hours}.get(granularity)
        return granularity.floor(now - length) if length is not None else _EARLIEST


def resolve(
    start: datetime | None,
    end: datetime | None,
    granularity: Granularity,
    *,
    now: datetime,
    kept: Kept,
    maximum: int = MAXIMUM_WINDOWS,
) -> Range:
    """The windows that a range touches; without an end until now, without a start an hour, a day or 30 days.

    Raises `Invalid` where it is empty, begins before what is kept, or has more than `maximum` windows.
    """
    for name, moment in (("from", start), ("to", end)):
        if moment is not None and not _EARLIEST <= moment < _LATEST:
            raise _refusal(name, "out_of_range", f"must lie between {_EARLIEST.year} and {_LATEST.year}")
    until = granularity.ceiling(end.astimezone(UTC) if end else now)
    since = start.astimezone(UTC) if start else until - _DEFAULT_LENGTHS[granularity]
    found = Range(granularity.floor(since), until, granularity)
    if found.start >= found.end:
        raise _refusal("to", "empty_range", "must lie after `from`")
    if len(found) > maximum:
        raise _refusal("from", "too_many_windows", f"{len(found)} windows; at most {maximum} can be asked for at once")
    earliest = kept.earliest(granularity, now)
    if found.start < earliest:
        message = f"windows of a {granularity} are kept from {earliest.isoformat().replace('+00:00', 'Z')} on"
        raise _refusal("from", "not_kept", message)
    return found


def _refusal(name: str, code: str, message: str) -> Invalid:
    return Invalid([{"pointer": f"/query/{name}", "code": code, "message": message}])
