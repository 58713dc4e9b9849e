"""What the endpoints share."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request, Response

from deployments.courses.service import CourseService
from deployments.kit.gate import Answer

PREFIX = "/api/courses"
MEBIBYTE = 1024 * 1024


async def _service(request: Request) -> CourseService:
    service = request.app.state.service
    assert isinstance(service, CourseService)
    return service


Courses = Annotated[CourseService, Depends(_service)]


def respond(answer: Answer, status: int | None = None, **more: str) -> Response:
    """A ready answer by way of the framework."""
    headers = {name.decode(): value.decode() for name, value in answer.headers}
    return Response(answer.body, status or answer.status, {**headers, **more})


def json_response(body: bytes) -> Response:
    """JSON that nobody but the reader may keep."""
    return Response(body, media_type="application/json", headers={"cache-control": "private, no-cache"})
