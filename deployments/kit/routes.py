"""The route class of every service: permission first, then one unit of work around the endpoint."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, ClassVar

from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute

from deployments.kit import idempotency, problems, reservations
from deployments.kit.bodies import IMPORT_BODY_BYTES, bounded
from deployments.kit.errors import Unauthenticated
from deployments.kit.permissions import PUBLIC, permission_of
from deployments.kit.work import Work

_READING = {"GET", "HEAD"}


class ServiceRoute(APIRoute):
    """Refuses to exist without a permission in the matrix; answers only after its transaction has committed."""

    # How refusals are documented; and whether `Idempotency-Key` makes a change repeatable.
    documented: ClassVar[Callable[..., dict[int | str, dict[str, Any]]]] = staticmethod(problems.documented)
    repeatable: ClassVar[bool] = True
    # Whether it takes long before it has its effect, so that no transaction may be open meanwhile.
    slow: ClassVar[bool] = False

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        methods = {method.upper() for method in options.get("methods") or {"GET"}}
        self.permission = permission_of(next(iter(methods)), path)
        self.reading = methods <= _READING
        options["responses"] = {**self._refusals(), **(options.get("responses") or {})}
        options["openapi_extra"] = {**_security(self.permission), **(options.get("openapi_extra") or {})}
        super().__init__(path, endpoint, **options)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()

        async def handle(request: Request) -> Response:
            principal = request.scope["azora.principal"]
            if self.permission != PUBLIC:
                if principal is None:
                    raise Unauthenticated()
                principal.enter(self.permission)
            state = request.app.state
            if self.max_body_size == IMPORT_BODY_BYTES:
                request = bounded(request, state.context.settings.max_import_bytes)
            org_id = principal.org_id if principal else None
            database, source = state.context.database, state.service_name
            keyed = self.repeatable and not self.reading and idempotency.HEADER in request.headers

            def begin() -> Work:
                work = Work(database, org_id, source, readonly=self.reading, by=principal)
                request.scope["azora.work"] = work
                return work

            if keyed and self.slow and principal is not None:
                return await reservations.once(database, begin, principal, request, handler)
            async with begin() as work:
                if keyed:
                    return await idempotency.once(work, principal, request, handler)
                return await handler(request)

        return handle

    def _refusals(self) -> dict[int | str, dict[str, Any]]:
        # A bad token is refused even where none is needed.
        statuses = {400, 401, 404, 413, 422, 429, 503}
        statuses |= set() if self.permission == PUBLIC else {403}
        statuses |= set() if self.reading else {409, 412, 415}
        return self.documented(*sorted(statuses))


class SlowRoute(ServiceRoute):
    """A route whose handler waits for a model before it first uses the connection of its work."""

    slow = True


def service_router(prefix: str, *, slow: bool = False) -> APIRouter:
    """A router whose routes are `ServiceRoute`s below `prefix`; with `slow`, `SlowRoute`s."""
    return APIRouter(prefix=prefix, route_class=SlowRoute if slow else ServiceRoute)


def _security(permission: str) -> dict[str, Any]:
    if permission == PUBLIC:
        return {"security": [], "x-permission": permission}
    return {"security": [{"accessToken": []}], "x-permission": permission}
