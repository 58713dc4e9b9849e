"""The composition root."""

from __future__ import annotations

from deployments.kit.service import ServiceDefinition
from deployments.sessions.deployment import SERVICE as SESSIONS
from deployments.users.deployment import SERVICE as USERS

SERVICES: tuple[ServiceDefinition, ...] = (USERS, SESSIONS)
