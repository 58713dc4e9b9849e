"""What the agents service has housekeeping do."""

from __future__ import annotations

from actors.agent import duties as agents
from actors.housekeeper.duties import Duty
from configs.settings import Settings
from deployments.kit.permissions import ROLES


def duties(settings: Settings) -> list[Duty]:
    """All of them."""
    return agents.duties(settings, ROLES)
