"""The front door, put together over the services it fronts."""

from __future__ import annotations

from collections.abc import Sequence

from configs.settings import Settings
from deployments.kit.service import ServiceDefinition
from deployments.web.endpoints import router
from deployments.web.service import FrontDoor


def front_door(definitions: Sequence[ServiceDefinition]) -> ServiceDefinition:
    """The service at `/`, which knows the others by their definitions and their HTTP addresses."""
    return ServiceDefinition(
        name="web",
        prefix="",
        title="Azora",
        description="The front door: documents, health of the whole.",
        router=router,
        build=lambda context: FrontDoor(definitions, loopback_url(context.settings)),
        own_health=True,
    )


def loopback_url(settings: Settings) -> str:
    """The address of this machine's own proxy."""
    host = "127.0.0.1" if settings.http_host in {"0.0.0.0", "::"} else settings.http_host  # noqa: S104
    return f"http://{host}:{settings.http_port}"
