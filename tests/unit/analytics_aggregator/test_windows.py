"""Windows of event time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from actors.analytics_aggregator import windows
from actors.analytics_aggregator.figures import Grain

times = st.datetimes(datetime(1900, 1, 2), datetime(2200, 1, 1), timezones=st.just(UTC))


@given(times)
def test_windows_are_those_of_utc(time: datetime) -> None:
    second = windows.second_of(time)
    whole = time.replace(microsecond=0)
    assert windows.moment(second) == whole
    assert windows.moment(windows.minute_start(second)) == whole.replace(second=0)
    assert windows.moment(windows.start_of(Grain.HOUR, second)) == whole.replace(second=0, minute=0)
    assert windows.moment(windows.start_of(Grain.DAY, second)) == whole.replace(second=0, minute=0, hour=0)
    assert windows.moment(windows.start_of(Grain.ALL, second)) == datetime(1970, 1, 1, tzinfo=UTC)
    assert windows.day_of(second) == time.date()


@given(times)
def test_weeks_begin_on_monday(time: datetime) -> None:
    monday = windows.moment(windows.monday_of(windows.second_of(time)))
    assert monday.isocalendar()[:2] == time.isocalendar()[:2]
    assert (monday.weekday(), monday.hour, monday.minute, monday.second) == (0, 0, 0, 0)
    after = windows.monday_after(time)
    assert timedelta(0) <= after - time < timedelta(days=7)
    assert after.weekday() == 0


def test_other_time_zones_fall_into_utc_windows() -> None:
    time = datetime(2026, 1, 1, 1, 30, tzinfo=timezone(timedelta(hours=5, minutes=45)))
    assert windows.day_of(windows.second_of(time)).isoformat() == "2025-12-31"
