"""What clients report: what was looked at, played, searched for."""

from __future__ import annotations

from typing import Annotated, TypeAlias
from uuid import UUID

from pydantic import Field, StrictBool

from stores.events.declarations import Count, EventData, EventType, Word

Seconds: TypeAlias = Annotated[float, Field(ge=0, le=1_000_000, allow_inf_nan=False)]
# A whole number stays one; the limits are those of exact integers in every reader of JSON.
Value: TypeAlias = (
    StrictBool
    | Annotated[int, Field(strict=True, ge=-(2**53), le=2**53)]
    | Annotated[float, Field(strict=True, ge=-1e300, le=1e300, allow_inf_nan=False)]
    | Annotated[str, Field(strict=True, max_length=200, pattern=r"^[^\x00]*$")]
)


class Reported(EventData):
    """`user_id` is null where a system reports."""

    user_id: UUID | None


class PageViewed(Reported):
    """`path` has neither query nor fragment."""

    course_id: UUID | None = None
    unit_id: UUID | None = None
    path: Annotated[str, Field(max_length=200, pattern=r"^/[^\x00-\x20?#\x7f]*$")] | None = None


class UnitViewed(Reported):
    course_id: UUID
    unit_id: UUID


class VideoWatched(UnitViewed):
    position_seconds: Seconds
    duration_seconds: Seconds | None = None


class SearchPerformed(Reported):
    """`results` counts what was found; what was searched for is not told."""

    results: Count


class TimeSpent(Reported):
    course_id: UUID
    unit_id: UUID | None = None
    seconds: Annotated[int, Field(ge=1, le=3600)]


class CustomRecorded(Reported):
    name: Word
    course_id: UUID | None = None
    values: Annotated[dict[Word, Value], Field(max_length=32)]


def _declare(name: str, data: type[EventData], description: str) -> EventType:
    return EventType(name=name, topic="analytics_events", keyed_by="learner", description=description, data=data)


ANALYTICS_EVENTS = (
    _declare("page.viewed", PageViewed, "A page was shown"),
    _declare("unit.viewed", UnitViewed, "A unit was opened"),
    _declare("video.played", VideoWatched, "A video began or went on"),
    _declare("video.paused", VideoWatched, "A video was stopped"),
    _declare("video.finished", VideoWatched, "A video was seen to its end"),
    _declare("search.performed", SearchPerformed, "Something was searched for; with how much was found"),
    _declare("time.spent", TimeSpent, "Time at a course or unit since the last report"),
    _declare("custom.recorded", CustomRecorded, "What an organisation's own client counts"),
)
