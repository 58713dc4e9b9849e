"""Windows of event time: aligned to UTC, named by their start in whole seconds since the epoch."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from actors.analytics_aggregator.figures import Grain

MINUTE, HOUR, DAY, WEEK = 60, 3_600, 86_400, 604_800
_SECONDS = {Grain.MINUTE: MINUTE, Grain.HOUR: HOUR, Grain.DAY: DAY}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DATE = _EPOCH.date()
_FIRST_MONDAY = 4 * DAY  # the epoch was a Thursday


def second_of(time: datetime) -> int:
    """Whole seconds since the epoch, of an aware time."""
    return int(time.timestamp() // 1)


def minute_start(second: int) -> int:
    """The start of the minute."""
    return second - second % MINUTE


def start_of(grain: Grain, second: int) -> int:
    """The start of the window of that grain; 0 for `Grain.ALL`."""
    return 0 if grain is Grain.ALL else second - second % _SECONDS[grain]


def monday_of(second: int) -> int:
    """The start of the ISO week."""
    return second - (second - _FIRST_MONDAY) % WEEK


def monday_after(time: datetime) -> datetime:
    """The first start of an ISO week that is not before `time`."""
    monday = monday_of(second_of(time))
    return moment(monday if moment(monday) == time else monday + WEEK)


def moment(start: int) -> datetime:
    """The start as an aware time."""
    return _EPOCH + timedelta(seconds=start)


def day_of(start: int) -> date:
    """The UTC day that the second lies in."""
    return _EPOCH_DATE + timedelta(days=start // DAY)
