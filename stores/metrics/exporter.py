"""`/metrics` of a machine: answered by whichever of its processes holds the port.

Every process of the platform offers itself. The port goes to one of them; when that one dies, another gets it within
seconds, and as the figures are in files nothing is lost with it.
"""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, CollectorRegistry, generate_latest

from stores.metrics.neighbours import Neighbour
from stores.metrics.node import Node

PATH = "/metrics"
_CLIENT_SECONDS = 10.0


class Exporter:
    """Offers to answer scrapes at `host:port` for as long as the process lives, or until stopped."""

    def __init__(
        self,
        host: str,
        port: int,
        directory: Path,
        neighbours: Sequence[Neighbour] = (),
        *,
        retry_seconds: float,
        eager: bool = True,
    ) -> None:
        self._address = (host, port)
        self._neighbours = neighbours
        self._retry_seconds = retry_seconds
        self._eager = eager
        self._registry = CollectorRegistry()
        self._registry.register(Node(directory))
        self._scraping = threading.Lock()
        self._server: _Server | None = None
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="metrics", daemon=True)

    @property
    def serving(self) -> bool:
        """Whether this process has the port."""
        return self._server is not None

    def start(self) -> None:
        """Try for the port every few seconds; the first time at once where eager."""
        if self._eager:
            self._try()
        self._thread.start()

    def stop(self) -> None:
        """Give the port back."""
        self._stopped.set()
        self._thread.join()

    def text(self) -> bytes:
        """The exposition of the machine, in Prometheus' text format 0.0.4."""
        with self._scraping:  # one at a time: reading tidies up as well
            own = generate_latest(self._registry)
        return own + "".join(neighbour.text() for neighbour in self._neighbours).encode()

    def _run(self) -> None:
        while self._server is None and not self._stopped.wait(self._retry_seconds):
            self._try()
        if (server := self._server) is not None:
            with server:
                while not self._stopped.is_set():
                    server.handle_request()
            self._server = None

    def _try(self) -> None:
        with suppress(OSError):  # another process has it
            self._server = _Server(self._address, partial(_Handler, self))


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    timeout = 0.5  # how soon a stop is noticed

    def __init__(self, address: tuple[str, int], handler: partial[_Handler]) -> None:
        self.address_family = socket.getaddrinfo(*address, type=socket.SOCK_STREAM)[0][0]
        super().__init__(address, handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """Let a scraper go that has gone itself; tell of anything else."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class _Handler(BaseHTTPRequestHandler):
    timeout = _CLIENT_SECONDS
    server_version = "azora"
    sys_version = ""

    def __init__(self, exporter: Exporter, *arguments: object) -> None:
        self._exporter = exporter
        super().__init__(*arguments)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        if self.path.partition("?")[0] != PATH:
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        body = self._exporter.text()
        self.send_response(HTTPStatus.OK)
        self.send_header("content-type", CONTENT_TYPE_PLAIN_0_0_4)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing: scrapes come every few seconds."""
