"""Dates and moments are text of RFC 3339, and nothing that merely could be one."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from deployments.kit.times import Date, Moment

DATE, MOMENT = TypeAdapter(Date), TypeAdapter(Moment)


@given(st.dates())
def test_dates(day: date) -> None:
    assert DATE.validate_python(day.isoformat()) == day


OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(st.datetimes(timezones=OFFSETS))
def test_moments(moment: datetime) -> None:
    assert MOMENT.validate_python(moment.isoformat()) == moment


@pytest.mark.parametrize("value", [0, 0.5, "0", "0.5", "1e3", "-1", "1815-12", "18151210", True, "1815-12-10x", ""])
def test_what_is_none(value: object) -> None:
    for adapter in (DATE, MOMENT):
        with pytest.raises(ValidationError):
            adapter.validate_python(value)


def test_a_moment_has_a_time_and_a_zone() -> None:
    for value in ("1815-12-10", "1815-12-10T09:30:00"):
        with pytest.raises(ValidationError):
            MOMENT.validate_python(value)
