"""Routes of the enrolments service, one module for each subject."""

from __future__ import annotations

from fastapi import APIRouter

from deployments.enrollments.endpoints import appeals, certificates, coursework, imports, own, staff, suggestions

# Paths that begin with a word come before those that begin with an enrolment's id.
_SUBJECTS = (certificates, staff, suggestions, appeals, imports, own, coursework)

router = APIRouter(routes=[route for subject in _SUBJECTS for route in subject.router.routes])
