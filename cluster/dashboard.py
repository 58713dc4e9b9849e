"""Ray's dashboard over HTTP: what a cluster runs, and telling Serve what to run.

It answers from anywhere that reaches the head's port 8265 with the cluster's token; a driver's `ray.init` would need a
Ray node on the same machine.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx

from cluster.applications import ApplicationState, Waiting, until_running
from cluster.errors import DeploymentFailed, RuntimeFailure

_TIMEOUT_SECONDS = 10.0
_DEPLOY_SECONDS = 120.0  # the first time Serve itself is started before the answer
_POLL_SECONDS = 1.0
_LIMIT = 10_000


@dataclass(frozen=True)
class ClusterNode:
    """A Ray node. `resources` are those it has in all."""

    id: str
    address: str
    alive: bool
    head: bool
    resources: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class ClusterActor:
    """A living actor: its class, its name where it has one, where it is."""

    kind: str
    name: str
    node_id: str
    state: str
    pid: int


@dataclass(frozen=True)
class Replica:
    """A replica of a Serve deployment."""

    application: str
    id: str
    node_id: str
    address: str
    state: str
    pid: int


class Dashboard:
    """A client of the dashboard at `url`. Every method raises `RuntimeFailure` where it does not answer in time."""

    def __init__(self, url: str, token: str, timeout_seconds: float = _TIMEOUT_SECONDS) -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._http = httpx.Client(base_url=url, timeout=timeout_seconds, trust_env=False, headers=headers)

    def close(self) -> None:
        self._http.close()

    def nodes(self) -> list[ClusterNode]:
        """Every node that the cluster remembers, the dead ones too."""
        return [
            ClusterNode(
                id=str(row["node_id"]),
                address=str(row["node_ip"]),
                alive=row["state"] == "ALIVE",
                head=bool(row.get("is_head_node")),
                resources=row.get("resources_total") or {},
            )
            for row in self._state("nodes")
        ]

    def actors(self) -> list[ClusterActor]:
        """Every actor that is not dead."""
        return [
            ClusterActor(
                kind=str(row["class_name"]),
                name=str(row.get("name") or ""),
                node_id=str(row.get("node_id") or ""),
                state=str(row["state"]),
                pid=int(row.get("pid") or 0),
            )
            for row in self._state("actors")
            if row["state"] != "DEAD"
        ]

    def applications(self) -> list[ApplicationState]:
        """Serve's applications."""
        return [
            ApplicationState(name, str(item["status"]), str(item.get("message") or "").strip())
            for name, item in self._serve().get("applications", {}).items()
        ]

    def replicas(self) -> list[Replica]:
        """Serve's replicas."""
        return [
            Replica(
                application=name,
                id=str(row["replica_id"]),
                node_id=str(row.get("node_id") or ""),
                address=str(row.get("node_ip") or ""),
                state=str(row["state"]),
                pid=int(row.get("pid") or 0),
            )
            for name, item in self._serve().get("applications", {}).items()
            for deployment in item["deployments"].values()
            for row in deployment["replicas"]
        ]

    def deploy(self, document: Mapping[str, Any]) -> None:
        """Make Serve run what a configuration says; returns at once. Raises `DeploymentFailed` where it is refused."""
        answer = self._ask("PUT", "/api/serve/applications/", json=document, timeout=_DEPLOY_SECONDS)
        if answer.status_code != 200:
            raise DeploymentFailed(f"Serve refused the configuration: {answer.text.strip()[:500]}")

    def await_running(self, names: list[str], timeout: timedelta, given_up: Callable[[], bool] = lambda: False) -> None:
        """Wait until every application of these names runs. Raises `DeploymentFailed`, `GivenUp`."""
        waiting = Waiting(time.monotonic() + timeout.total_seconds(), given_up, poll_seconds=_POLL_SECONDS)
        until_running(names, self._told, waiting, lambda _: None, recovering=True)

    def _told(self) -> list[ApplicationState]:
        """Nothing new where a head under load is slow to answer."""
        with suppress(RuntimeFailure):
            return self.applications()
        return []

    def _serve(self) -> dict[str, Any]:
        answer: dict[str, Any] = self._json("/api/serve/applications/")
        return answer

    def _state(self, kind: str) -> list[dict[str, Any]]:
        answer = self._json(f"/api/v0/{kind}", params={"limit": _LIMIT, "detail": "true"})
        rows: list[dict[str, Any]] = answer["data"]["result"]["result"]
        return rows

    def _json(self, path: str, **options: Any) -> Any:
        answer = self._ask("GET", path, **options)
        if answer.status_code != 200:
            raise RuntimeFailure(f"The dashboard answers {answer.status_code} to {path}: {answer.text.strip()[:200]}")
        return answer.json()

    def _ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        try:
            return self._http.request(method, path, **options)
        except httpx.HTTPError as error:
            raise RuntimeFailure(f"The dashboard does not answer: {type(error).__name__}") from error
