"""A Valkey of its own for Ray's head, so that a head that dies finds the cluster again when it comes back.

Ray speaks to it over TCP with a password; it listens on the nodes' bridge alone.
"""

from __future__ import annotations

import asyncio
import secrets
from contextlib import suppress
from pathlib import Path
from typing import ClassVar

from cluster.embedded.home import Home, make_directory
from cluster.embedded.valkey import EmbeddedValkey

PORT = 6380
_PROBE_SECONDS = 1.0


class GcsStore(EmbeddedValkey):
    """Holds what Ray's head must not forget: nodes, actors, Serve's own checkpoints."""

    name: ClassVar[str] = "valkey-gcs"

    def __init__(self, home: Home, host: str) -> None:
        super().__init__(home)
        self._host = host
        self.password = home.secret("gcs-password", lambda: secrets.token_hex(24).encode()).decode()

    @property
    def directory(self) -> Path:
        return self.home.root / "gcs"

    @property
    def address(self) -> str:
        """As `RAY_REDIS_ADDRESS` wants it."""
        return f"{self._host}:{PORT}"

    @property
    def socket(self) -> Path:
        return super().socket.with_name("valkey-gcs.sock")

    @property
    def _configuration(self) -> Path:
        return self.directory / "valkey.conf"

    def _prepare(self) -> None:
        make_directory(self.directory)
        # The cluster of a former run is gone for good, and its records with it.
        for left in self.directory.glob("appendonlydir/*"):
            left.unlink()
        super()._prepare()

    def render_configuration(self) -> str:
        own = {"port": str(PORT), "bind": self._host, "requirepass": self.password, "dir": str(self.directory)}
        lines = [line for line in super().render_configuration().splitlines() if line.split(" ", 1)[0] not in own]
        return "\n".join([*lines, *(f'{name} "{value}"' for name, value in own.items()), ""])

    async def is_ready(self) -> bool:
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(_PROBE_SECONDS):
                reader, writer = await asyncio.open_connection(self._host, PORT)
                try:
                    writer.write(f"AUTH {self.password}\r\nPING\r\n".encode())
                    return (await reader.readline(), await reader.readline()) == (b"+OK\r\n", b"+PONG\r\n")
                finally:
                    writer.close()
        return False
