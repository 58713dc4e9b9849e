"""The analytics service, put together."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

from deployments.analytics.changes import CHANNEL
from deployments.analytics.endpoints import router
from deployments.analytics.remembered import RememberedCourses
from deployments.analytics.service import AnalyticsService
from deployments.analytics.service.cohorts import Cohorts
from deployments.analytics.service.learners import Learners
from deployments.analytics.service.rankings import Rankings
from deployments.analytics.service.reporting import Reporting
from deployments.analytics.service.trends import Trends
from deployments.analytics.service.views import Views
from deployments.analytics.stream.hub import Hub
from deployments.analytics.stream.readings import Readings
from deployments.analytics.windows import Kept
from deployments.kit.context import ServiceContext
from deployments.kit.service import ServiceDefinition


def _build(context: ServiceContext) -> AnalyticsService:
    settings = context.settings
    minimum = settings.analytics_minimum_group
    kept = Kept(minutes=settings.analytics_minutes_kept, hours=settings.analytics_hours_kept)
    return AnalyticsService(
        views=Views(minimum_group=minimum, kept=kept, remembered=RememberedCourses()),
        trends=Trends(minimum_group=minimum, kept=kept),
        rankings=Rankings(minimum_group=minimum),
        cohorts=Cohorts(minimum_group=minimum),
        learners=Learners(),
        reporting=Reporting(),
        hub=Hub(
            Readings(database=context.database, minimum_group=minimum),
            push_interval=settings.analytics_push_interval,
            per_replica=settings.analytics_streams_per_replica,
            per_person=settings.analytics_streams_per_person,
        ),
    )


def _background(context: ServiceContext, service: AnalyticsService) -> tuple[Coroutine[Any, Any, None], ...]:
    listeners = (service.views.remembered, service.hub)

    def on_message(payload: str) -> None:
        for listener in listeners:
            listener.on_message(payload)

    def on_state(heard: bool) -> None:
        for listener in listeners:
            listener.on_state(heard)

    return (service.hub.run(), context.database.listen(CHANNEL, on_message, on_state))


SERVICE = ServiceDefinition(
    name="analytics",
    prefix="/api/analytics",
    title="Azora analytics",
    description="Platform, organisations, courses and learners in figures, as they change; and what clients report.",
    router=router,
    build=_build,
    background=_background,
)
