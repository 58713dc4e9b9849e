"""Routes of the courses service, by who uses them."""

from __future__ import annotations

from fastapi import APIRouter

from deployments.courses.endpoints import (
    authoring,
    catalogue,
    drafting,
    learning,
    passages,
    proposing,
    publishing,
    reviewing,
)

# `passages` before `{course_id}`, which would take it for an id.
_SUBJECTS = (passages, catalogue, authoring, drafting, proposing, publishing, learning, reviewing)

router = APIRouter(routes=[route for subject in _SUBJECTS for route in subject.router.routes])
