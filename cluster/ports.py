"""Which TCP ports are free, and who holds the one that is not."""

from __future__ import annotations

import errno
import socket
import time
from contextlib import ExitStack

import psutil

from configs.errors import AzoraError

LOOPBACK = "127.0.0.1"
_RETRY_S = 0.25
_EVERYWHERE = {"0.0.0.0": LOOPBACK, "::": "::1", "": LOOPBACK}  # noqa: S104


class PortInUse(AzoraError):
    """A port that is needed cannot be had; the message says which, for what, and who has it where that shows."""

    type = "port-in-use"
    title = "A port is taken"


def reachable_host(host: str) -> str:
    """The address under which this machine reaches a server that listens on `host`, as a URL writes it."""
    address = _EVERYWHERE.get(host, host)
    return f"[{address}]" if ":" in address else address


def check_free(host: str, port: int, purpose: str, *, patience_s: float = 0.0) -> None:
    """Raise `PortInUse` unless a server could listen there, at the latest after `patience_s`."""
    deadline = time.monotonic() + patience_s
    while True:
        try:
            return _bind_once(host, port, purpose)
        except PortInUse:
            if time.monotonic() >= deadline:
                raise
            time.sleep(_RETRY_S)


def _bind_once(host: str, port: int, purpose: str) -> None:
    family, kind, _, _, address = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, kind) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            raise PortInUse(f"{purpose}: {host}:{port} {_reason(error, port)}.") from error


def free_ports(count: int) -> tuple[int, ...]:
    """Different ports that are free on loopback at this moment."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for held in sockets:
            held.bind((LOOPBACK, 0))
        return tuple(int(held.getsockname()[1]) for held in sockets)


def _reason(error: OSError, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"is taken{_holder(port)}; stop it or choose another port"
    if error.errno == errno.EACCES:
        return "is not permitted to this account; choose a port above 1023"
    if error.errno == errno.EADDRNOTAVAIL:
        return "is no address of this machine"
    return f"cannot be used: {error.strerror}"


def _holder(port: int) -> str:
    try:
        listening = [c for c in psutil.net_connections("tcp") if c.status == psutil.CONN_LISTEN and c.pid]
        pid = next(c.pid for c in listening if c.laddr and c.laddr.port == port)
        return f" by {psutil.Process(pid).name()} (process {pid})"
    except (psutil.Error, StopIteration, OSError):
        return ""
