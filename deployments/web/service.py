"""What the front door knows: the other services' documents and their readiness."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import httpx
import orjson

from deployments.kit.health import Dependency, Readiness, probe
from deployments.kit.service import ServiceDefinition
from deployments.web.openapi import merge
from stores.errors import StoreUnavailable

_TIMEOUT_SECONDS = 2.0


class FrontDoor:
    """The platform as one."""

    def __init__(self, definitions: Sequence[ServiceDefinition], base_url: str) -> None:
        self._definitions = definitions
        self._base_url = base_url
        self._document: bytes | None = None

    def openapi(self) -> bytes:
        """The merged OpenAPI document, as JSON."""
        if self._document is None:
            self._document = orjson.dumps(merge(self._definitions))
        return self._document

    async def readiness(self) -> Readiness:
        """Ask every service over HTTP, all at once."""
        async with httpx.AsyncClient(base_url=self._base_url, timeout=_TIMEOUT_SECONDS, trust_env=False) as client:
            names = [definition.name for definition in self._definitions]
            found = await asyncio.gather(*(self._probe(client, d.prefix) for d in self._definitions))
        up = all(dependency.status == "up" for dependency in found)
        return Readiness(
            status="ready" if up else "unavailable", service="azora", dependencies=dict(zip(names, found, strict=True))
        )

    async def _probe(self, client: httpx.AsyncClient, prefix: str) -> Dependency:
        async def ask() -> Any:
            try:
                answer = await client.get(f"{prefix}/ready")
            except httpx.HTTPError as error:
                raise StoreUnavailable(f"{type(error).__name__} at {prefix}/ready") from error
            if answer.status_code != 200:
                raise StoreUnavailable(f"{prefix}/ready answers {answer.status_code}")

        return await probe(ask)
