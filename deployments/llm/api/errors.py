"""Errors in OpenAI's form: {"error": {"message", "type", "param", "code"}}."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
from pydantic import ValidationError

from configs.errors import AzoraError
from deployments.kit.logs import get_logger
from deployments.llm.errors import InvalidRequest
from stores.metrics import http

log = get_logger("llm")
MEDIA_TYPE = "application/json"

# By HTTP status, as OpenAI's clients know them; the code says more.
_TYPES = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}
_ROLES = {"system", "developer", "user", "assistant", "tool"}


def error_body(error: AzoraError) -> dict[str, Any]:
    """The error as a JSON object. `code` is the platform's own type of the problem."""
    kind = _TYPES.get(error.status, "server_error" if error.status >= 500 else "invalid_request_error")
    code = error.type.replace("-", "_")
    return {"error": {"message": error.detail, "type": kind, "param": error.extra.get("param"), "code": code}}


def render(error: AzoraError) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of an error, which is counted."""
    http.problem(error.type)
    headers = {"content-type": MEDIA_TYPE, "cache-control": "no-store", **error.headers}
    return error.status, headers, orjson.dumps(error_body(error))


def unexpected(error: BaseException) -> tuple[int, dict[str, str], bytes]:
    """What a bug answers: nothing of its inside."""
    log.error("unexpected", exc_info=error)
    return render(AzoraError("Something went wrong here; the error was recorded"))


def invalid(error: ValidationError) -> InvalidRequest:
    """The first thing that a body gets wrong, named as OpenAI names fields: `messages[0].content`."""
    problems = error.errors(include_url=False, include_context=False, include_input=False)
    problem = min(problems, key=lambda each: -len(each["loc"]))
    param = field_path(problem["loc"])
    message = problem["msg"].removeprefix("Value error, ")
    return InvalidRequest(f"{param}: {message}" if param else message, param=param or None)


def field_path(location: Sequence[int | str]) -> str:
    """A location of pydantic's without the tags of unions."""
    path = ""
    for position, part in enumerate(location):
        if isinstance(part, int):
            path += f"[{part}]"
        elif not (position and isinstance(location[position - 1], int) and part in _ROLES):
            path += f".{part}" if path else part
    return path
