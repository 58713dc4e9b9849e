"""Routes of the users service, one module for each subject."""

from __future__ import annotations

from fastapi import APIRouter

from deployments.users.endpoints import imports, invitations, me, messages, organisations, passwords, people

# People last: `/{user_id}` would take the others' names for ids.
_SUBJECTS = (me, passwords, invitations, organisations, imports, messages, people)

router = APIRouter(routes=[route for subject in _SUBJECTS for route in subject.router.routes])
