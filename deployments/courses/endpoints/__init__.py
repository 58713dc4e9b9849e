"""Routes of the courses service, by who uses them."""

from __future__ import annotations

from fastapi import APIRouter

from deployments.courses.endpoints import authoring, catalogue, drafting, learning, publishing, reviewing

router = APIRouter()
for part in (catalogue, authoring, drafting, publishing, learning, reviewing):
    router.include_router(part.router)
