"""What the routes share."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Query, Request, Response

from deployments.enrollments.repository.overview import Row
from deployments.enrollments.schemas import EnrollmentView, Learner
from deployments.enrollments.service import EnrollmentService
from deployments.kit.etags import etag
from deployments.kit.paging import decode_cursor

PREFIX = "/api/enrollments"
_GREATEST_NUMBER = 2**31 - 1
_YEARS = range(1970, 9999)


async def _service(request: Request) -> EnrollmentService:
    service = request.app.state.service
    assert isinstance(service, EnrollmentService)
    return service


Service = Annotated[EnrollmentService, Depends(_service)]
# Answers and works are long, so their pages are shorter than others.
ShortLimit = Annotated[int, Query(ge=1, le=50, description="How many items at the most")]


def view(row: Row, response: Response | None = None) -> EnrollmentView:
    """An enrolment, with its revision as `ETag` where it is the whole response."""
    if response is not None:
        response.headers["etag"] = etag(row["revision"])
    return EnrollmentView.model_validate(dict(row))


def learner(row: Mapping[str, Any]) -> Learner:
    """The person of a row that has `user_id` and the person's columns."""
    return Learner(id=row["user_id"], first_name=row["first_name"], last_name=row["last_name"], email=row["email"])


def position(cursor: str | None) -> tuple[datetime, UUID] | None:
    """The (time, id) that a page ended with. Raises `Invalid`."""
    found = decode_cursor(cursor, _moment, UUID)
    return (found[0], found[1]) if found else None


def number(cursor: str | None) -> int | None:
    """The number that a page ended with. Raises `Invalid`."""
    found = decode_cursor(cursor, _number)
    return found[0] if found else None


def _moment(value: Any) -> datetime:
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None or moment.year not in _YEARS:
        raise ValueError("not a time of this list")
    return moment


def _number(value: Any) -> int:
    if not isinstance(value, int) or not 0 <= value <= _GREATEST_NUMBER:
        raise ValueError("not a number of this list")
    return value
