"""The rules of asking models: who may ask what of which, and what it comes to."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from uuid import UUID

from configs.models import Models
from deployments.llm.errors import ModelNotFound
from deployments.llm.keys import KeyAuthenticator
from deployments.llm.metering.settling import Settler
from deployments.llm.policies import Policies
from deployments.llm.providers.http import HttpPool
from deployments.llm.service.answering import Answering
from deployments.llm.transcripts import Transcripts


@dataclass(frozen=True, slots=True, kw_only=True)
class LlmService:
    """Everything one process needs to answer. `created` is when it began, in seconds since 1970."""

    models: Models
    policies: Policies
    keys: KeyAuthenticator
    settler: Settler
    transcripts: Transcripts
    answering: Answering
    pool: HttpPool
    owner: str = "azora"
    created: int = field(default_factory=lambda: int(time.time()))

    async def offered(self, org_id: UUID) -> list[str]:
        """The names that the organisation's people may ask for. Raises `StoreUnavailable`."""
        policy = await self.policies.of(org_id)
        return sorted(name for name in {*self.models.models, *self.models.embeddings} if policy.offers(name))

    async def offer(self, org_id: UUID, name: str) -> str:
        """The name, where it is one of them. Raises `ModelNotFound`."""
        if name not in await self.offered(org_id):
            raise ModelNotFound(f"There is no model {name[:128]}", param="model")
        return name

    def on_message(self, payload: str) -> None:
        """An organisation decided something else."""
        self.policies.memory.on_message(payload)
        self.keys.memory.on_message(payload)

    def on_state(self, live: bool) -> None:
        """Such decisions are heard from now on, or may have been missed."""
        self.policies.memory.on_state(live)
        self.keys.memory.on_state(live)
