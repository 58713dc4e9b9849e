"""The Ray shell around `Agent`, and the bounded pool of them."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from typing import Any

import ray
import structlog

from actors.agent.making import Roles, live
from actors.monitoring import observe
from configs import placement
from configs.settings import Settings
from stores.vaulted import with_vault

NAMESPACE = "azora"


@ray.remote(num_cpus=0, max_restarts=-1, resources=placement.ACTOR)
class AgentActor:
    """Works from its first moment on, also after a restart: all that it needs to know is in the database.

    An agent with nothing to do for long ends its own process; it is made anew when a task is due.
    """

    def __init__(self, settings: Settings, name: str, roles: Roles) -> None:
        structlog.configure(
            processors=[
                structlog.processors.add_log_level,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                structlog.processors.JSONRenderer(),
            ]
        )
        settings = with_vault(settings)
        observe(settings, "agent")
        self._name = name
        # A loop of its own: an asynchronous actor's runs only from the first call on, and nobody need call this one.
        threading.Thread(target=self._live, args=(settings, roles), name=name, daemon=True).start()

    def ready(self) -> bool:
        """Whether it has been made."""
        return True

    def _live(self, settings: Settings, roles: Roles) -> None:
        asyncio.run(live(settings, self._name, roles, asyncio.Event()))
        with suppress(ValueError):
            ray.kill(ray.get_actor(self._name, namespace=NAMESPACE), no_restart=True)


def start_agents(settings: Settings, roles: Roles) -> list[Any]:
    """The cluster's agents, each created where it is absent."""
    return [
        AgentActor.options(  # type: ignore[attr-defined]
            name=f"agent-{index}", namespace=NAMESPACE, lifetime="detached", get_if_exists=True
        ).remote(settings, f"agent-{index}", roles)
        for index in range(settings.agents)
    ]
