"""Routes of the analytics service, one module for each subject."""

from __future__ import annotations

from fastapi import APIRouter

from deployments.analytics.endpoints import cohorts, learners, reports, stream, trends, views

_SUBJECTS = (views, trends, cohorts, learners, stream, reports)

router = APIRouter(routes=[route for subject in _SUBJECTS for route in subject.router.routes])
