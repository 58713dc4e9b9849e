"""The live stream."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Header, Query, Request, Response

from deployments.analytics.endpoints.common import PREFIX, Service
from deployments.analytics.service import AnalyticsService
from deployments.analytics.stream.readings import Watched
from deployments.analytics.stream.response import EventStream
from deployments.kit.errors import Invalid
from deployments.kit.parameters import CurrentPrincipal, CurrentWork
from deployments.kit.principal import Principal
from deployments.kit.routes import service_router
from deployments.kit.streaming import MEDIA_TYPE
from deployments.kit.work import Work

router = service_router(PREFIX)
ScopeKind = Literal["platform", "organisation", "course", "learner"]
_DESCRIPTION = """Server-sent events. `snapshot` has the figures; each `figures` after it has what changed of them, to
be merged in member by member; `end` says why the stream ends. `id` is where in the log the figures stand: send the
last one as `Last-Event-ID` when you come back, and there is no snapshot where nothing changed meanwhile."""


class _Documented(Response):
    """What the document says of the answer; the answer itself is an `EventStream`."""

    media_type = MEDIA_TYPE


_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {"description": "A stream of events", "content": {MEDIA_TYPE: {"schema": {"type": "string"}}}}
}


@router.get(
    "/stream",
    summary="Figures as they change",
    description=_DESCRIPTION,
    response_class=_Documented,
    responses=_RESPONSES,
)
async def stream(
    request: Request,
    principal: CurrentPrincipal,
    work: CurrentWork,
    service: Service,
    scope: Annotated[ScopeKind, Query(description="What to watch")],
    id: Annotated[
        UUID | None, Query(description="The course, or the pseudonym of the learner; oneself where it is left out")
    ] = None,
    last_event_id: Annotated[str | None, Header(alias="Last-Event-ID", max_length=4_096)] = None,
) -> EventStream:
    watched = await _watched(work, service, principal, scope, id)
    return EventStream(service.hub, request.app.state.context.sessions, watched, principal, last_event_id)


async def _watched(
    work: Work, service: AnalyticsService, principal: Principal, scope: ScopeKind, id: UUID | None
) -> Watched:
    if scope == "learner":
        if id is None:
            return Watched(work.org_id, "person", principal.user_id)
        principal.require("analytics.learners")
        return Watched(work.org_id, "learner", await service.learners.known(work, id))
    principal.require(f"analytics.{scope}" if scope != "course" else "analytics.courses")
    if scope == "course":
        if id is None:
            raise Invalid([{"pointer": "/query/id", "code": "missing", "message": "names the course"}])
        return Watched(work.org_id, scope, (await service.views.course_subject(work, principal, id)).id)
    if scope == "platform":
        return Watched.platform()
    return Watched(work.org_id, scope, work.org_id)
