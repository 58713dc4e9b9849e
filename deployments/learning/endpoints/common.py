"""What the endpoints share."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from deployments.learning.service import LearningService

PREFIX = "/api/learning"


async def _service(request: Request) -> LearningService:
    service = request.app.state.service
    assert isinstance(service, LearningService)
    return service


Learning = Annotated[LearningService, Depends(_service)]
