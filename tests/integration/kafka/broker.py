"""The Kafka that these tests run against: one that is configured, or a process of their own."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep

import pytest

from cluster.ports import free_ports
from tests.patience import PATIENCE_SECONDS


class Broker:
    """Where Kafka answers. `directory` is where a broker of our own keeps its data; None for one that is not ours."""

    def __init__(self, bootstrap_servers: str, directory: Path | None = None) -> None:
        self.bootstrap_servers = bootstrap_servers
        self._directory = directory
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start our own, over whatever data it has, and wait until it answers."""
        assert self._directory is not None
        program = shutil.which("noida-db", path=str(Path(sys.executable).parent))
        assert program, "the package noida-db is not installed"
        port = self.bootstrap_servers.rpartition(":")[2]
        arguments = ["start", "--only", "kafka", "--kafka-port", port, "--data-dir", str(self._directory)]
        with (self._directory.parent / "broker.log").open("ab") as output:
            self._process = subprocess.Popen(
                [program, *arguments], stdout=output, stderr=output, start_new_session=True
            )
        deadline = monotonic() + PATIENCE_SECONDS
        while not self._answers():
            assert monotonic() < deadline, "the broker does not start"
            sleep(0.05)

    def kill(self) -> None:
        """As a power cut would; skips the test where Kafka is not ours to kill."""
        if self._directory is None:
            pytest.skip("AZORA_TEST_KAFKA names a Kafka that is not ours to kill")
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)  # the server is a child of what we started
            self._process.wait()
            self._process = None

    def _answers(self) -> bool:
        host, _, port = self.bootstrap_servers.rpartition(":")
        with suppress(OSError), socket.create_connection((host, int(port)), timeout=0.2):
            return True
        return False


def own_broker(directory: Path) -> Broker:
    """A broker of our own, not started, on a free port."""
    return Broker(f"127.0.0.1:{free_ports(1)[0]}", directory / "data")
