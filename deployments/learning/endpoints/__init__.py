"""Routes of the learning service, one module for each subject."""

from __future__ import annotations

from fastapi import APIRouter

from deployments.learning.endpoints import mastery, paths, predictions

router = APIRouter(routes=[*predictions.router.routes, *mastery.router.routes, *paths.router.routes])
