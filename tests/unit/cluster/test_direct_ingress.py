"""Requests that go straight to the application of a replica."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

import pytest

from cluster.direct_ingress import DirectIngress, ReplicaPort, replica_port


class Recorder:
    """An ASGI application and a Serve replica's counter in one."""

    def __init__(self, *, limit: int | None = None, fails: bool = False) -> None:
        self.seen: list[str] = []
        self.ongoing = 0
        self.fails = fails
        self.port = ReplicaPort(
            application=self._answer,
            root_path="/api/users",
            limit=lambda: limit,
            started=lambda: self._count(1),
            ended=lambda: self._count(-1),
            in_progress=lambda: self.ongoing,
        )

    def _count(self, by: int) -> None:
        self.ongoing += by

    async def _answer(self, scope: MutableMapping[str, Any], *_: Any) -> None:
        self.seen.append(f"app {scope['root_path']} {scope['path']} {self.ongoing}")
        if self.fails:
            raise ValueError("boom")

    async def serve(self, scope: MutableMapping[str, Any], *_: Any) -> None:
        self.seen.append(f"serve {scope['path']}")


async def _ask(ingress: DirectIngress, path: str, kind: str = "http") -> list[MutableMapping[str, Any]]:
    sent: list[MutableMapping[str, Any]] = []

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request"}

    await ingress({"type": kind, "path": path, "root_path": ""}, receive, send)
    return sent


async def test_requests_go_straight_to_the_application_and_are_counted() -> None:
    replica = Recorder(limit=1)
    ingress = DirectIngress(replica.serve, lambda _: replica.port)
    await _ask(ingress, "/api/users/1")
    assert replica.seen == ["app /api/users /api/users/1 1"]
    assert replica.ongoing == 0


@pytest.mark.parametrize(
    ("path", "kind"), [("/-/healthz", "http"), ("/other", "http"), ("/api/users/live", "websocket")]
)
async def test_what_is_not_the_applications_goes_to_serve(path: str, kind: str) -> None:
    replica = Recorder()
    await _ask(DirectIngress(replica.serve, lambda _: replica.port), path, kind)
    assert replica.seen == [f"serve {path}"]


async def test_a_process_without_a_replica_goes_to_serve() -> None:
    replica = Recorder()
    await _ask(DirectIngress(replica.serve), "/api/users")
    assert replica.seen == ["serve /api/users"]


async def test_a_full_replica_refuses_with_retry_after() -> None:
    replica = Recorder(limit=0)
    start, body = await _ask(DirectIngress(replica.serve, lambda _: replica.port), "/api/users")
    assert start["status"] == 503
    assert (b"retry-after", b"1") in start["headers"]
    assert b"unavailable" in body["body"]
    assert replica.seen == []


async def test_a_failed_request_is_no_longer_counted() -> None:
    replica = Recorder(fails=True)
    with pytest.raises(ValueError, match="boom"):
        await _ask(DirectIngress(replica.serve, lambda _: replica.port), "/api/users")
    assert replica.ongoing == 0


def test_a_serve_of_another_shape_is_left_to_itself(caplog: pytest.LogCaptureFixture) -> None:
    class Replica:
        def _direct_ingress_asgi(self) -> None: ...

    class RequestIds:
        _app = Replica()._direct_ingress_asgi

    assert replica_port(RequestIds()) is None  # type: ignore[arg-type]
