"""Errors in OpenAI's form: {"error": {"message", "type", "param", "code"}}."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from pydantic import ValidationError

from configs.errors import AzoraError
from deployments.kit.problems import ErrorForm, described
from deployments.llm.errors import InvalidRequest

MEDIA_TYPE = "application/json"

# By HTTP status, as OpenAI's clients know them; the code says more.
_TYPES = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}
# The one type that OpenAI names otherwise than by its status.
_OWN_TYPES = {"insufficient_quota": "insufficient_quota"}
_ROLES = {"system", "developer", "user", "assistant", "tool"}


def error_body(error: AzoraError) -> dict[str, Any]:
    """The error as a JSON object. `code` is the platform's own type of the problem."""
    return _body(error.status, error.type, error.detail, error.extra)


def _body(status: int, type: str, detail: str, extra: Mapping[str, Any]) -> dict[str, Any]:
    code = type.replace("-", "_")
    kind = _TYPES.get(status, "server_error" if status >= 500 else "invalid_request_error")
    message = detail
    param = extra.get("param")
    if "errors" in extra:  # fields of the framework's, the first of them
        problem = extra["errors"][0]
        message, param = problem["message"], problem["pointer"].rpartition("/")[2]
    return {"error": {"message": message, "type": _OWN_TYPES.get(code, kind), "param": param, "code": code}}


def _words(status: int, type: str, _title: str, detail: str, _retriable: bool, extra: dict[str, Any]) -> bytes:
    return orjson.dumps(_body(status, type, detail, extra))


FORM = ErrorForm(MEDIA_TYPE, _words)

_TEXT = {"type": "string"}
_TEXT_OR_NULL = {"type": ["string", "null"]}
_SCHEMA = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["message", "type", "param", "code"],
            "properties": {"message": _TEXT, "type": _TEXT, "param": _TEXT_OR_NULL, "code": _TEXT_OR_NULL},
        }
    },
}


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The OpenAPI entries of errors."""
    return described(_SCHEMA, MEDIA_TYPE, *statuses)


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
