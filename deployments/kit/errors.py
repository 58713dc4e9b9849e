"""Refusals that reach a client as `application/problem+json`.

    AzoraError
    ├── Unauthenticated          401   no token, or one that is invalid, expired or revoked
    ├── Forbidden                403   the role lacks the permission
    ├── NotFound                 404   absent, or another tenant's: the two look the same
    ├── Conflict                 409   the state of things does not allow it
    ├── PreconditionFailed       412   If-Match names another revision
    ├── PayloadTooLarge          413
    ├── UnsupportedMedia         415
    ├── Invalid                  422   fields that break a rule, each named
    └── TooManyRequests          429   with Retry-After

Each service's `errors.py` subclasses these with types of its own. What several services refuse about the same things
is here, so that it has one name: courses, their units, people.
"""

from __future__ import annotations

from typing import Any

from configs.errors import AzoraError


class Unauthenticated(AzoraError):
    status = 401
    type = "unauthenticated"
    title = "Sign in first"

    @property
    def headers(self) -> dict[str, str]:
        return {"www-authenticate": 'Bearer realm="azora"'}


class InvalidToken(Unauthenticated):
    type = "invalid-token"
    title = "The access token is invalid, expired or revoked"

    @property
    def headers(self) -> dict[str, str]:
        return {"www-authenticate": 'Bearer realm="azora", error="invalid_token"'}


class Forbidden(AzoraError):
    status = 403
    type = "forbidden"
    title = "Your role does not permit this"


class PeopleOnly(Forbidden):
    """A delegated token came where a person has to act in person."""

    type = "people-only"
    title = "Only people may do this, not what acts in their name"


class NotFound(AzoraError):
    status = 404
    type = "not-found"
    title = "There is no such thing here"


class CourseNotFound(NotFound):
    type = "course-not-found"
    title = "There is no such course"


class UnitNotFound(NotFound):
    type = "unit-not-found"
    title = "The course has no such unit"


class PersonNotFound(NotFound):
    type = "person-not-found"
    title = "There is no such person"


class NotYourCourse(Forbidden):
    type = "not-your-course"
    title = "Only its instructor and the organisation's administrators may do this"


class Conflict(AzoraError):
    status = 409
    type = "conflict"
    title = "The present state does not allow this"


class PreconditionFailed(AzoraError):
    status = 412
    type = "precondition-failed"
    title = "It was changed since you read it; read it again"


class PayloadTooLarge(AzoraError):
    status = 413
    type = "payload-too-large"
    title = "The request body is too large"


class UnsupportedMedia(AzoraError):
    status = 415
    type = "unsupported-media-type"
    title = "The request body has the wrong media type"


class Invalid(AzoraError):
    """`errors` lists every broken field: {"pointer": "/body/title", "code": "too_long", "message": "..."}."""

    status = 422
    type = "invalid"
    title = "Some fields are not valid"

    def __init__(self, errors: list[dict[str, Any]], detail: str | None = None) -> None:
        super().__init__(detail, errors=errors)

    @classmethod
    def field(cls, name: str, code: str, message: str) -> Invalid:
        """One broken body field; `name` may hold slashes."""
        return cls([{"pointer": f"/body/{name}", "code": code, "message": message}])


class TooManyRequests(AzoraError):
    status = 429
    type = "too-many-requests"
    title = "Too many requests; slow down"
    retriable = True

    def __init__(self, retry_after_seconds: int, detail: str | None = None) -> None:
        super().__init__(detail)
        self.retry_after_seconds = max(1, retry_after_seconds)

    @property
    def headers(self) -> dict[str, str]:
        return {"retry-after": str(self.retry_after_seconds)}
