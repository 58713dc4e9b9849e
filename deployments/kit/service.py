"""From a `ServiceDefinition` to an ASGI application."""

from __future__ import annotations

import gc
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi

from configs.settings import Settings
from deployments.kit import problems
from deployments.kit.context import FeedFactory, MemoryFactory, ServiceContext
from deployments.kit.gate import ASGIApp, Authenticates, Direct, FastPath, Gate, Receive, Scope, Send
from deployments.kit.health import Checks, health_router
from deployments.kit.problems import PROBLEM_DOCUMENTS, ErrorForm, Problem
from stores.metrics.http import Traffic


@dataclass(frozen=True, kw_only=True)
class ServiceDefinition:
    """What makes a service: its routes, its rules, and what it does besides answering."""

    name: str
    prefix: str
    title: str
    description: str
    router: APIRouter
    # Builds the object with the rules; endpoints find it as `request.app.state.service`.
    build: Callable[[ServiceContext], Any]
    fast_path: Callable[[ServiceContext, Any], FastPath] | None = None
    # Routes answered without the framework, which has them for its document only.
    direct: Callable[[ServiceContext, Any], Direct] | None = None
    # Coroutines that run for as long as the replica lives.
    background: Callable[[ServiceContext, Any], Sequence[Coroutine[Any, Any, None]]] | None = None
    # Whom the service knows besides people with access tokens, and how it words what goes wrong.
    authenticator: Callable[[ServiceContext, Any], Authenticates] | None = None
    errors: ErrorForm = PROBLEM_DOCUMENTS
    # What `/ready` tells of besides, and the service can do without.
    optional_checks: Callable[[ServiceContext], Checks] | None = None
    # The service brings its own `/health` and `/ready`.
    own_health: bool = False


def build_api(definition: ServiceDefinition, max_body_bytes: int = 1_048_576) -> FastAPI:
    """The FastAPI application of a service, without its resources: enough for its OpenAPI document.

    Raises `ConfigurationError` where a route is missing from the permission matrix.
    """
    api = FastAPI(
        title=definition.title,
        description=definition.description,
        version="1.0.0",
        docs_url=None,
        redoc_url=None,
        openapi_url=f"{definition.prefix}/openapi.json" if definition.prefix else None,
        redirect_slashes=False,
        separate_input_output_schemas=True,
        max_body_size=max_body_bytes,
    )
    if not definition.own_health:
        api.include_router(health_router(definition.prefix, definition.name, definition.optional_checks))
    api.router.routes.extend(definition.router.routes)  # not included: each level of routers is searched anew
    problems.install(api, definition.errors)
    api.openapi = lambda: _openapi(api)  # type: ignore[method-assign]
    return api


def _openapi(api: FastAPI) -> dict[str, Any]:
    if api.openapi_schema is None:
        schema = get_openapi(title=api.title, version=api.version, description=api.description, routes=api.routes)
        components = schema.setdefault("components", {})
        components["securitySchemes"] = {"accessToken": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}
        problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        components.setdefault("schemas", {}).update({**problem.pop("$defs", {}), "Problem": problem})
        for name in ("HTTPValidationError", "ValidationError"):
            components["schemas"].pop(name, None)
        api.openapi_schema = schema
    return api.openapi_schema


class ServiceHost:
    """One process that answers for one service or several: an ASGI application with a lifespan of its own."""

    def __init__(
        self, definitions: Sequence[ServiceDefinition], settings: Settings, feed: FeedFactory, memory: MemoryFactory
    ) -> None:
        self._definitions = definitions
        self._settings = settings
        self._feed = feed
        self._memory = memory
        self._context: ServiceContext | None = None
        self._gates: list[tuple[str, ASGIApp]] = []

    @property
    def context(self) -> ServiceContext:
        """The shared resources; only while open."""
        assert self._context is not None, "the host is not open"
        return self._context

    async def open(self) -> None:
        """Build everything and start the background work."""
        settings = self._settings
        context = self._context = ServiceContext.create(settings, self._feed(settings), self._memory(settings))
        await context.open()
        gates = [(definition.prefix, self._gate(definition, context)) for definition in self._definitions]
        # The longest prefix first: `/` takes what no other service does.
        self._gates = sorted(gates, key=lambda gate: -len(gate[0]))

    def _gate(self, definition: ServiceDefinition, context: ServiceContext) -> ASGIApp:
        service = definition.build(context)
        api = build_api(definition, self._settings.max_body_bytes)
        api.state.context = context
        api.state.service = service
        api.state.service_name = definition.name
        fast_path = definition.fast_path(context, service) if definition.fast_path else None
        for work in definition.background(context, service) if definition.background else ():
            context.spawn(work)
        known = definition.authenticator(context, service) if definition.authenticator else context.authenticator
        traffic = Traffic(definition.name)
        direct = definition.direct(context, service) if definition.direct else None
        return Gate(api, known, context.limiter, context.limits, traffic, fast_path, definition.errors, direct)

    async def close(self) -> None:
        """Stop everything. Safe to call twice."""
        if self._context is not None:
            context, self._context = self._context, None
            await context.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http":
            path = scope["path"]
            scope["root_path"] = ""  # routes are declared whole, whatever prefix the proxy mounts them under
            for prefix, gate in self._gates:
                if path.startswith(prefix):
                    await gate(scope, receive, send)
                    return
            await _not_found(send)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            await self.open()
        except Exception as error:
            await send({"type": "lifespan.startup.failed", "message": repr(error)})
            raise
        _keep_what_is_here()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.close()
        await send({"type": "lifespan.shutdown.complete"})


def _keep_what_is_here() -> None:
    """Spare the collector what lives as long as the process: looking through the modules and routes of all services
    holds every request up for a fifth of a second each time.
    """
    gc.collect()
    gc.freeze()


async def _not_found(send: Send) -> None:
    body = problems.problem_body(404, "not-found", "There is no such thing here", "No service has this path", False, {})
    headers = [(b"content-type", problems.MEDIA_TYPE.encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 404, "headers": headers})
    await send({"type": "http.response.body", "body": body})
