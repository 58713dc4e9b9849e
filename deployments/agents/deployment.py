"""The agents service, put together."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

from actors.agent.store import NEWS_CHANNEL
from deployments.agents.endpoints import router
from deployments.agents.service import AgentsService
from deployments.agents.service.approvals import Approvals
from deployments.agents.service.tasks import Tasks
from deployments.agents.stream.hub import Hub
from deployments.kit.context import ServiceContext
from deployments.kit.service import ServiceDefinition
from stores.sessions import SessionStore


def _build(context: ServiceContext) -> AgentsService:
    settings = context.settings
    return AgentsService(
        tasks=Tasks(
            database=context.database,
            sessions=SessionStore(context.valkey, settings),
            open_tasks=settings.agent_open_tasks,
        ),
        approvals=Approvals(database=context.database),
        hub=Hub(per_replica=settings.analytics_streams_per_replica, per_person=settings.analytics_streams_per_person),
    )


def _background(context: ServiceContext, service: AgentsService) -> tuple[Coroutine[Any, Any, None], ...]:
    return (context.database.listen(NEWS_CHANNEL, service.hub.on_message, service.hub.on_state),)


SERVICE = ServiceDefinition(
    name="agents",
    prefix="/api/agents",
    title="Azora agents",
    description="Tasks that agents carry out in people's names, by plans that are fixed first, and their approvals.",
    router=router,
    build=_build,
    background=_background,
)
