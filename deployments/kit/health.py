"""`/health` says that the process is alive, `/ready` that everything it depends on answers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from configs.errors import AzoraError
from deployments.kit.context import ServiceContext
from deployments.kit.routes import ServiceRoute

_PROBE_SECONDS = 2.0
Checks = Mapping[str, Callable[[], Awaitable[object]]]


class Health(BaseModel):
    status: Literal["alive"] = "alive"
    service: str


class Dependency(BaseModel):
    """One dependency: whether it answered, and in how many milliseconds. `off` is one that the service does without."""

    status: Literal["up", "down", "off"]
    latency_ms: float
    detail: str | None = None


class Readiness(BaseModel):
    status: Literal["ready", "unavailable"]
    service: str
    dependencies: dict[str, Dependency]


async def probe(check: Callable[[], Awaitable[object]], *, optional: bool = False) -> Dependency:
    """Run one check under a time limit."""
    started = time.perf_counter()
    try:
        async with asyncio.timeout(_PROBE_SECONDS):
            await check()
    except (AzoraError, OSError, TimeoutError) as error:
        detail = str(error) or type(error).__name__
        return Dependency(status="off" if optional else "down", latency_ms=_milliseconds(started), detail=detail)
    return Dependency(status="up", latency_ms=_milliseconds(started))


def _milliseconds(started: float) -> float:
    return round((time.perf_counter() - started) * 1000, 3)


async def readiness(service: str, checks: Checks, optional: Checks | None = None) -> Readiness:
    """Probe everything at once."""
    optional = optional or {}
    needed = [probe(check) for check in checks.values()]
    found = await asyncio.gather(*needed, *(probe(check, optional=True) for check in optional.values()))
    return Readiness(
        status="unavailable" if any(dependency.status == "down" for dependency in found) else "ready",
        service=service,
        dependencies=dict(zip([*checks, *optional], found, strict=True)),
    )


def context_checks(context: ServiceContext) -> dict[str, Callable[[], Awaitable[object]]]:
    """The checks of what every service stands on."""
    return {
        "postgresql": context.database.ping,
        "valkey": context.ping_valkey,
        "signing_keys": lambda: context.keys.signing("access"),
    }


def health_router(prefix: str, service: str, optional: Callable[[ServiceContext], Checks] | None = None) -> APIRouter:
    """The two routes below a service's prefix; `optional` are checks of what the service can do without."""
    router = APIRouter(prefix=prefix, route_class=ServiceRoute, tags=["health"])

    @router.get("/health", summary="Is the process alive?")
    async def health() -> Health:
        return Health(service=service)

    @router.get("/ready", summary="Does everything it depends on answer?", responses={503: {"model": Readiness}})
    async def ready(request: Request, response: Response) -> Readiness:
        context = request.app.state.context
        result = await readiness(service, context_checks(context), optional(context) if optional else None)
        if result.status != "ready":
            response.status_code = 503
            response.headers["retry-after"] = "1"
        return result

    return router
