"""Errors as `application/problem+json` (RFC 9457), rendered in one place."""

from __future__ import annotations

from typing import Any

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from configs.errors import AzoraError
from deployments.kit import correlation
from deployments.kit.errors import Invalid
from deployments.kit.logs import get_logger
from stores.metrics import http

log = get_logger("problems")
MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:azora:problem:"

_STATUS_TYPES = {
    400: ("malformed", "The request cannot be read"),
    404: ("not-found", "There is no such thing here"),
    405: ("method-not-allowed", "This address does not take that method"),
    413: ("payload-too-large", "The request body is too large"),
    415: ("unsupported-media-type", "The request body has the wrong media type"),
}


class FieldProblem(BaseModel):
    """One broken field; `pointer` names it as a JSON Pointer that starts at path, query, header or body."""

    pointer: str
    code: str
    message: str


class Problem(BaseModel):
    """Problem details (RFC 9457). `type` is stable; `request_id` finds the request in the logs."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(examples=["urn:azora:problem:not-found"])
    title: str
    status: int
    detail: str
    request_id: str
    retriable: bool = False
    errors: list[FieldProblem] | None = None


def problem_body(status: int, type: str, title: str, detail: str, retriable: bool, extra: dict[str, Any]) -> bytes:
    """The JSON of a problem."""
    ids = correlation.current.get()
    return orjson.dumps(
        {
            "type": f"{TYPE_PREFIX}{type}",
            "title": title,
            "status": status,
            "detail": detail,
            "request_id": ids.request_id if ids else "",
            "retriable": retriable,
            **extra,
        },
        default=str,
    )


def render(error: AzoraError) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of an error, which is counted."""
    http.problem(error.type)
    body = problem_body(error.status, error.type, error.title, error.detail, error.retriable, error.extra)
    return error.status, {"content-type": MEDIA_TYPE, "cache-control": "no-store", **error.headers}, body


def _response(error: AzoraError) -> Response:
    status, headers, body = render(error)
    return Response(body, status, headers)


def _pointer(location: tuple[int | str, ...]) -> str:
    return "/" + "/".join(str(part).replace("~", "~0").replace("/", "~1") for part in location)


async def _azora_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, AzoraError)
    if error.status >= 500:
        log.warning("refused", type=error.type, detail=error.detail, cause=repr(error.__cause__))
    return _response(error)


async def _validation_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    found = [
        {
            "pointer": _pointer(item["loc"]),
            "code": item["type"],
            "message": str(item["msg"]).removeprefix("Value error, "),
        }
        for item in error.errors()
    ]
    return _response(Invalid(found))


async def _http_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    kind, title = _STATUS_TYPES.get(error.status_code, ("http-error", "The request was refused"))
    http.problem(kind)
    body = problem_body(error.status_code, kind, title, str(error.detail), False, {})
    return Response(body, error.status_code, {"content-type": MEDIA_TYPE, **(error.headers or {})})


def unexpected(error: BaseException) -> tuple[int, dict[str, str], bytes]:
    """What a bug answers: nothing of its inside, but the id that finds it in the logs."""
    log.error("unexpected", exc_info=error)
    http.problem("internal")
    body = problem_body(500, "internal", "Something went wrong here", "The error was recorded", False, {})
    return 500, {"content-type": MEDIA_TYPE, "cache-control": "no-store"}, body


def install(api: FastAPI) -> None:
    """Register the handlers."""
    api.add_exception_handler(AzoraError, _azora_error)
    api.add_exception_handler(RequestValidationError, _validation_error)
    api.add_exception_handler(HTTPException, _http_error)


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The OpenAPI entries of problem responses."""
    schema = {"$ref": "#/components/schemas/Problem"}
    return {s: {"description": _DESCRIPTIONS[s], "content": {MEDIA_TYPE: {"schema": schema}}} for s in statuses}


_DESCRIPTIONS = {
    400: "The request cannot be read",
    401: "No access token, or one that is invalid, expired or revoked",
    403: "The role does not permit this",
    404: "Absent, or not visible to the one who asks",
    405: "The address does not take that method",
    409: "The present state does not allow it",
    412: "`If-Match` names another revision",
    413: "The body is too large",
    415: "The body has the wrong media type",
    422: "Some fields are not valid; `errors` lists each",
    429: "Too many requests; `Retry-After` says when to come back",
    503: "A part of the platform is unavailable; `Retry-After` says when to come back",
}
