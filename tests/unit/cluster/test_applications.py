"""How applications are, and waiting for them."""

from __future__ import annotations

import http.server
import threading
import time
from collections.abc import Iterator

import pytest

from cluster.applications import ApplicationState, Waiting, routes, until_routed, until_running
from cluster.errors import DeploymentFailed, GivenUp
from cluster.ports import free_ports


def test_the_reason_of_a_failed_application_is_the_exception_without_its_traceback() -> None:
    message = (
        'Traceback:\n  File "a.py", line 1\nray.x.RayTaskError(RuntimeError): outer\n  File "b"\nValueError: no\n  x'
    )
    state = ApplicationState("users", "DEPLOY_FAILED", message)
    assert state.failed
    assert not state.ready
    assert state.reason == "ValueError: no\n  x"
    assert ApplicationState("users", "DEPLOY_FAILED", "plain").reason == "plain"


@pytest.fixture
def proxy() -> Iterator[str]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"/": "web", "/api/users": "users"}')

        def log_message(self, *_: object) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_routes_are_read_and_silence_is_none(proxy: str) -> None:
    assert routes(proxy) == {"/", "/api/users"}
    assert routes(f"http://127.0.0.1:{free_ports(1)[0]}") == set()


def _patiently(seconds: float = 60, *, given_up: bool = False) -> Waiting:
    return Waiting(time.monotonic() + seconds, lambda: given_up)


def test_each_change_is_told_once_until_all_run() -> None:
    looks = iter([["DEPLOYING"], ["DEPLOYING"], ["RUNNING"]])
    told: list[str] = []
    states = until_running(
        ["users"],
        lambda: [ApplicationState("users", status) for status in next(looks)],
        _patiently(),
        lambda state: told.append(state.status),
    )
    assert [state.name for state in states] == ["users"]
    assert told == ["DEPLOYING", "RUNNING"]


def test_what_failed_is_said_with_its_reason() -> None:
    failed = ApplicationState("users", "DEPLOY_FAILED", "ValueError: no")
    with pytest.raises(DeploymentFailed, match="users: ValueError: no"):
        until_running(["users", "web"], lambda: [failed], _patiently(), lambda _: None)


def test_what_is_unhealthy_may_recover_on_a_cluster() -> None:
    looks = iter(["UNHEALTHY", "RUNNING"])
    once = [ApplicationState("users", "UNHEALTHY", "no answer")]
    with pytest.raises(DeploymentFailed, match="users: no answer"):
        until_running(["users"], lambda: once, _patiently(), lambda _: None)
    [state] = until_running(
        ["users"], lambda: [ApplicationState("users", next(looks))], _patiently(), lambda _: None, recovering=True
    )
    assert state.ready


def test_what_is_late_is_named() -> None:
    states = [ApplicationState("users", "DEPLOYING"), ApplicationState("web", "RUNNING")]
    with pytest.raises(DeploymentFailed, match=r"Not ready in time: sessions, users$"):
        until_running(["users", "web", "sessions"], lambda: states, _patiently(0), lambda _: None)


def test_nobody_waits_for_what_is_given_up() -> None:
    waiting = _patiently(given_up=True)
    with pytest.raises(GivenUp):
        until_running(["users"], lambda: [ApplicationState("users", "DEPLOYING")], waiting, lambda _: None)
    with pytest.raises(GivenUp):
        until_routed(["/"], f"http://127.0.0.1:{free_ports(1)[0]}", waiting)


def test_routes_are_waited_for(proxy: str) -> None:
    until_routed(["/", "/api/users"], proxy, _patiently(0))
    with pytest.raises(DeploymentFailed, match="HAProxy has no route to /api/courses"):
        until_routed(["/", "/api/courses"], proxy, _patiently(0))
