"""Every route of every service, as data for tests that must hold for all of them."""

from __future__ import annotations

from dataclasses import dataclass

from deployments.kit.permissions import PUBLIC
from deployments.kit.service import build_api
from deployments.registry import services


@dataclass(frozen=True)
class Route:
    """One method on one path template."""

    method: str
    path: str
    permission: str

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def all_routes() -> list[Route]:
    """Every documented route."""
    return [
        Route(method.upper(), path, operation["x-permission"])
        for definition in services()
        for path, operations in build_api(definition).openapi()["paths"].items()
        for method, operation in operations.items()
    ]


def protected_routes() -> list[Route]:
    """Those that need a permission."""
    return [route for route in all_routes() if route.permission != PUBLIC]
