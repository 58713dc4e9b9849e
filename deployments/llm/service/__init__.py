"""The rules of asking models: who may ask what of which, and what it comes to."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from uuid import UUID

from configs.models import Models
from deployments.llm.errors import ModelNotFound
from deployments.llm.providers.http import HttpPool
from deployments.llm.service.answering import Answering


@dataclass(frozen=True, slots=True, kw_only=True)
class LlmService:
    """Everything one process needs to answer. `created` is when it began, in seconds since 1970."""

    models: Models
    answering: Answering
    pool: HttpPool
    owner: str = "azora"
    created: int = field(default_factory=lambda: int(time.time()))

    async def offered(self, org_id: UUID) -> list[str]:
        """The names that the organisation's people may ask for."""
        return sorted({*self.models.models, *self.models.embeddings})

    async def offer(self, org_id: UUID, name: str) -> str:
        """The name, where it is one of them. Raises `ModelNotFound`."""
        if name not in await self.offered(org_id):
            raise ModelNotFound(f"There is no model {name[:128]}", param="model")
        return name
