"""Windows are whole, aligned and counted before anything is read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployments.analytics.windows import MAXIMUM_WINDOWS, Granularity, Kept, resolve
from deployments.kit.errors import Invalid

NOW = datetime(2026, 11, 23, 9, 30, 15, tzinfo=UTC)
KEPT = Kept(minutes=timedelta(days=7), hours=timedelta(days=90))
MOMENTS = st.datetimes(datetime(1990, 1, 1), datetime(2210, 1, 1), timezones=st.just(UTC))


@given(MOMENTS | st.none(), MOMENTS | st.none(), st.sampled_from(Granularity))
def test_a_range_covers_what_was_asked_in_whole_windows(
    start: datetime | None, end: datetime | None, granularity: Granularity
) -> None:
    try:
        found = resolve(start, end, granularity, now=NOW, kept=KEPT)
    except Invalid:
        return
    windows = found.windows()
    assert 1 <= len(windows) == len(found) <= MAXIMUM_WINDOWS
    assert all(granularity.floor(window) == window for window in (*windows, found.end))
    assert start is None or found.start <= start < windows[0] + granularity.step
    assert (end or NOW) <= found.end < (end or NOW) + granularity.step
    assert windows[-1] + granularity.step == found.end


def test_defaults_and_time_zones() -> None:
    hour = resolve(None, None, Granularity.MINUTE, now=NOW, kept=KEPT)
    assert (hour.start, hour.end) == (
        datetime(2026, 11, 23, 8, 31, tzinfo=UTC),
        datetime(2026, 11, 23, 9, 31, tzinfo=UTC),
    )
    east = timezone(timedelta(hours=5, minutes=30))
    day = resolve(datetime(2026, 11, 20, 3, tzinfo=east), None, Granularity.DAY, now=NOW, kept=KEPT)
    assert day.start == datetime(2026, 11, 19, tzinfo=UTC)


@pytest.mark.parametrize(
    ("start", "end", "granularity", "code"),
    [
        (NOW, NOW - timedelta(days=2), Granularity.DAY, "empty_range"),
        (NOW - timedelta(days=1501), NOW, Granularity.DAY, "too_many_windows"),
        (NOW - timedelta(days=8), NOW - timedelta(days=7.5), Granularity.MINUTE, "not_kept"),
        (NOW - timedelta(days=92), NOW - timedelta(days=91), Granularity.HOUR, "not_kept"),
        (datetime.min.replace(tzinfo=UTC), None, Granularity.DAY, "out_of_range"),
        (None, datetime.max.replace(tzinfo=UTC), Granularity.DAY, "out_of_range"),
        (datetime.min.replace(tzinfo=timezone(timedelta(hours=14))), None, Granularity.DAY, "out_of_range"),
    ],
)
def test_refusals(start: datetime | None, end: datetime | None, granularity: Granularity, code: str) -> None:
    with pytest.raises(Invalid) as refusal:
        resolve(start, end, granularity, now=NOW, kept=KEPT)
    assert refusal.value.extra["errors"][0]["code"] == code
