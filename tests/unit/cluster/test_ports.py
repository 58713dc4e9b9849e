"""Which ports are free, and what is said of one that is taken."""

from __future__ import annotations

import socket
import threading

import pytest

from cluster.ports import PortInUse, check_free, free_ports, reachable_host
from tests.patience import PATIENCE_SECONDS


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
