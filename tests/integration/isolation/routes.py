"""Every route of every service, as data for tests that must hold for all of them."""

from __future__ import annotations

from dataclasses import dataclass

from deployments.kit.permissions import PUBLIC
from deployments.kit.routes import ServiceRoute
from deployments.registry import SERVICES


@dataclass(frozen=True)
class Route:
    """One method on one path template."""

    method: str
    path: str
    permission: str

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def protected_routes() -> list[Route]:
    """All routes that need a permission."""
    found = []
    for definition in SERVICES:
        for route in definition.router.routes:
            assert isinstance(route, ServiceRoute)
            if route.permission != PUBLIC:
                found += [Route(method, route.path, route.permission) for method in sorted(route.methods)]
    return found
