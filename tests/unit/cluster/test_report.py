"""What a cluster's dashboard says, in a table and an exit status."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from typer.testing import CliRunner

from cluster.cli import app


class Cluster:
    """A dashboard of one node, which wants a token, and services that are ready or not."""

    token = "of-the-cluster"

    def __init__(self) -> None:
        self.status = "RUNNING"
        self.services = "ready"
        self.replicas = [{"replica_id": "1", "node_id": "n1", "node_ip": "10.0.0.1", "state": "RUNNING", "pid": 5}]
        self.url = ""

    def answer(self, path: str) -> Any:
        if path.startswith("/api/v0/nodes"):
            row = {"node_id": "n1", "node_ip": "10.0.0.1", "state": "ALIVE", "is_head_node": False}
            return {"data": {"result": {"result": [row | {"resources_total": {"azora_services": 1}}]}}}
        if path.startswith("/api/v0/actors"):
            return {"data": {"result": {"result": []}}}
        if path.startswith("/api/serve"):
            deployments = {"Users": {"replicas": self.replicas}}
            return {"applications": {"users": {"status": self.status, "message": "why", "deployments": deployments}}}
        return {"status": self.services, "dependencies": {}}


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Cluster]:
    found = Cluster()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            known = "ready" in self.path or self.headers.get("authorization") == f"Bearer {found.token}"
            body = json.dumps(found.answer(self.path) if known else {}).encode()
            self.send_response(200 if known else 401)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None: ...

    monkeypatch.setenv("AZORA_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("RAY_AUTH_TOKEN", found.token)
    monkeypatch.delenv("RAY_AUTH_TOKEN_PATH", raising=False)
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        found.url = f"http://127.0.0.1:{server.server_address[1]}"
        yield found
        server.shutdown()


def _asked(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, list(words))
    return done.exit_code, done.output


def test_what_runs_is_counted_and_all_is_well(cluster: Cluster) -> None:
    cluster.replicas.append(cluster.replicas[0] | {"replica_id": "2"})
    code, said = _asked("cluster", "show", "--dashboard", cluster.url)
    assert code == 0, said
    assert "users 2" in said


def test_replicas_that_do_not_run_are_told_apart(cluster: Cluster) -> None:
    cluster.replicas.append(cluster.replicas[0] | {"replica_id": "2", "state": "STARTING"})
    cluster.replicas.append(cluster.replicas[0] | {"replica_id": "3", "state": "STARTING", "node_id": None})
    _, said = _asked("cluster", "show", "--dashboard", cluster.url)
    assert "users, users (starting)" in said
    assert "nowhere" in said


@pytest.mark.parametrize("status", ["DEPLOYING", "UNHEALTHY", "DEPLOY_FAILED", "NOT_STARTED"])
def test_an_application_that_does_not_run_is_named(cluster: Cluster, status: str) -> None:
    cluster.status = status
    code, said = _asked("cluster", "show", "--dashboard", cluster.url)
    assert code == 1
    assert f"users: {status}, why" in said


def test_status_shows_both_and_fails_for_either(cluster: Cluster) -> None:
    words = ("status", "--cluster", "--dashboard", cluster.url, "--url", cluster.url)
    code, said = _asked(*words)
    assert code == 0, said
    assert "10.0.0.1" in said
    assert "enrollments" in said
    cluster.services = "unavailable"
    assert _asked(*words)[0] == 1
    cluster.services, cluster.status = "ready", "DEPLOYING"
    assert _asked(*words)[0] == 1


def test_status_of_a_cluster_asks_where_services_reach_each_other(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AZORA_SERVICES_URL", cluster.url)
    cluster.services = "unavailable"
    code, said = _asked("status", "--cluster", "--dashboard", cluster.url)
    assert code == 1
    assert "enrollments" in said


def test_the_token_may_be_in_a_file(cluster: Cluster, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("RAY_AUTH_TOKEN")
    code, said = _asked("cluster", "show", "--dashboard", cluster.url)
    assert code == 1
    assert "401" in said
    (tmp_path / "token").write_text(f"{cluster.token}\n")
    monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", str(tmp_path / "token"))
    assert _asked("cluster", "show", "--dashboard", cluster.url)[0] == 0
    monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", str(tmp_path / "absent"))
    assert _asked("cluster", "show", "--dashboard", cluster.url)[0] == 2
