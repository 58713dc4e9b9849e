"""Errors as `application/problem+json` (RFC 9457), rendered in one place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
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


Rendered = tuple[int, dict[str, str], bytes]  # status, headers, body
Words = Callable[[int, str, str, str, bool, dict[str, Any]], bytes]  # of status, type, title, detail, retriable, more


class ErrorForm:
    """How a service words what goes wrong. `body` is given what `problem_body` is given. All of it is counted."""

    def __init__(self, media_type: str, body: Words) -> None:
        self.media_type = media_type
        self._body = body

    def render(self, error: AzoraError) -> Rendered:
        """An error that was raised on purpose."""
        return self._worded(
            error.status, error.type, error.title, error.detail, error.retriable, error.extra, error.headers
        )

    def raised(self, error: AzoraError) -> Rendered:
        """The same, and what is the platform's own fault is in the logs."""
        if error.status >= 500:
            log.warning("refused", type=error.type, detail=error.detail, cause=repr(error.__cause__))
        return self.render(error)

    def refused(self, error: HTTPException) -> Rendered:
        """What the framework refuses."""
        kind, title = _STATUS_TYPES.get(error.status_code, ("http-error", "The request was refused"))
        return self._worded(error.status_code, kind, title, str(error.detail), False, {}, error.headers or {})

    def unexpected(self, error: BaseException) -> Rendered:
        """What a bug answers: nothing of its inside, but the id that finds it in the logs."""
        log.error("unexpected", exc_info=error)
        return self._worded(500, "internal", "Something went wrong here", "The error was recorded", False, {}, {})

    def _worded(
        self,
        status: int,
        type: str,
        title: str,
        detail: str,
        retriable: bool,
        extra: dict[str, Any],
        headers: Mapping[str, str],
    ) -> Rendered:
        http.problem(type)
        body = self._body(status, type, title, detail, retriable, extra)
        return status, {"content-type": self.media_type, "cache-control": "no-store", **headers}, body


PROBLEM_DOCUMENTS = ErrorForm(MEDIA_TYPE, problem_body)


def _pointer(location: tuple[int | str, ...]) -> str:
    return "/" + "/".join(str(part).replace("~", "~0").replace("/", "~1") for part in location)


def _invalid(error: RequestValidationError) -> Invalid:
    return Invalid(
        [
            {
                "pointer": _pointer(item["loc"]),
                "code": item["type"],
                "message": str(item["msg"]).removeprefix("Value error, "),
            }
            for item in error.errors()
        ]
    )


def _response(rendered: Rendered) -> Response:
    status, headers, body = rendered
    return Response(body, status, headers)


def install(api: FastAPI, form: ErrorForm = PROBLEM_DOCUMENTS) -> None:
    """Register the handlers."""

    async def azora_error(_request: Request, error: Exception) -> Response:
        assert isinstance(error, AzoraError)
        return _response(form.raised(error))

    async def validation_error(_request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return _response(form.render(_invalid(error)))

    async def http_error(_request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return _response(form.refused(error))

    api.add_exception_handler(AzoraError, azora_error)
    api.add_exception_handler(RequestValidationError, validation_error)
    api.add_exception_handler(HTTPException, http_error)


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The OpenAPI entries of problem responses."""
    return described({"$ref": "#/components/schemas/Problem"}, MEDIA_TYPE, *statuses)


def described(schema: dict[str, Any], media_type: str, *statuses: int) -> dict[int | str, dict[str, Any]]:
    """The OpenAPI entries of refusals in any form."""
    return {s: {"description": _DESCRIPTIONS[s], "content": {media_type: {"schema": schema}}} for s in statuses}


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
    502: "Whoever was asked for the answer failed",
    503: "A part of the platform is unavailable; `Retry-After` says when to come back",
    504: "Whoever was asked for the answer did not give it in time",
}
