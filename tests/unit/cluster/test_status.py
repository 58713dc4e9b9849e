"""Services behind a gateway whose certificate only we trust."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from typer.testing import CliRunner

from cluster.cli import app
from cluster.several.gateway import make_certificate
from tests.answering import always

READY = always(b'{"status": "ready", "dependencies": {}}')


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[str]:
    make_certificate(tmp_path / "tls.pem", tmp_path / "authority.pem", "127.0.0.1")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "tls.pem")
    with ThreadingHTTPServer(("127.0.0.1", 0), READY) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"https://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_a_certificate_of_one_s_own_is_trusted_where_it_is_named(gateway: str, tmp_path: Path) -> None:
    trusting = CliRunner().invoke(app, ["status", "--url", gateway, "--ca", str(tmp_path / "authority.pem")])
    assert trusting.exit_code == 0, trusting.output
    assert "enrollments" in trusting.output
    stranger = CliRunner().invoke(app, ["status", "--url", gateway])
    assert stranger.exit_code == 1
    assert "ConnectError" in stranger.output


def test_a_file_without_certificates_is_named(gateway: str, tmp_path: Path) -> None:
    (tmp_path / "empty.pem").touch()
    refused = CliRunner().invoke(app, ["status", "--url", gateway, "--ca", str(tmp_path / "empty.pem")])
    assert refused.exit_code == 2
    assert "empty.pem" in refused.output
