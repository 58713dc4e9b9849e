"""A node of a cluster answers scrapes although nothing of the platform runs there, and no longer than it lives."""

from __future__ import annotations

import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from cluster.ports import free_ports
from tests.answering import always
from tests.patience import PATIENCE_SECONDS

# Leaves the exporter, then becomes another program, as a node does.
_NODE = """
import os, sys
from cluster import node_metrics
from configs.settings import Settings
port, command, directory = sys.argv[1:]
node_metrics.leave(Settings(metrics_port=int(port)), command, directory, os.getpid())
os.execv("/bin/sleep", ["sleep", "600"])
"""


RAY_AGENT = always(b"# TYPE ray_node_mem_used gauge\nray_node_mem_used 7\n")


@pytest.fixture
def agent() -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), RAY_AGENT) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def _scraped(port: int) -> str | None:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
            return str(answer.read().decode())
    except (urllib.error.URLError, ConnectionError):
        return None


def _until(port: int, *, answers: bool) -> str | None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while ((found := _scraped(port)) is not None) is not answers:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return found


def test_a_node_answers_as_long_as_it_lives(agent: int, tmp_path: Path) -> None:
    (port,) = free_ports(1)
    command = f"ray start --head --block --metrics-export-port={agent}"
    node = subprocess.Popen([sys.executable, "-c", _NODE, str(port), command, str(tmp_path)])
    try:
        assert "ray_node_mem_used 7" in (_until(port, answers=True) or "")
    finally:
        node.kill()
        node.wait()
    _until(port, answers=False)


def test_nothing_is_left_where_nobody_knows_ray_s_port(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from cluster import node_metrics
    from configs.settings import Settings

    monkeypatch.setattr(subprocess, "Popen", lambda *_, **__: pytest.fail("started"))
    node_metrics.leave(Settings(), "ray start --head --block", str(tmp_path), 1)
    node_metrics.leave(Settings(metrics_port=0), "ray start --metrics-export-port=8080", str(tmp_path), 1)
