"""Namespaces: each node has its own addresses, ports, loopback and processes; a bridge joins them.

Needs Linux, iproute2 and the right to make namespaces (root). What is made ends with the context.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from configs.errors import AzoraError

_NETWORKS = range(64, 192)  # the third byte of 10.213.x.0/24: the first that no interface of this machine has


class NetworkRefused(AzoraError):
    """The machine does not let us make networks."""

    type = "network"
    title = "No network of several nodes can be made here"


@dataclass(frozen=True)
class Namespace:
    """A node's own network: `name` for `ip netns`, `address` for the other nodes and this machine."""

    name: str
    address: str

    def command(self, *words: str) -> list[str]:
        """The command line that runs `words` inside, as the first process of a process namespace.

        As on a machine of its own it sees no other node's processes (Ray looks for itself among them), and whatever it
        started ends with it.
        """
        return [
            "ip", "netns", "exec", self.name,
            "unshare", "--pid", "--fork", "--kill-child", "--mount-proc", *words,
        ]  # fmt: skip

    def processes(self) -> list[int]:
        """Every process inside."""
        return [int(pid) for pid in _ip("netns", "pids", self.name).split()]

    def clear(self) -> None:
        """End every process inside at once, as if the machine had lost power."""
        for pid in self.processes():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


class Network:
    """A bridge on this machine and the namespaces that hang on it."""

    def __init__(self) -> None:
        self._bridge = ""
        self._prefix = ""
        self._members: list[Namespace] = []

    @property
    def address(self) -> str:
        """This machine's own address on the bridge."""
        return f"{self._prefix}.1"

    def __enter__(self) -> Self:
        if os.geteuid() != 0 or None in map(shutil.which, ("ip", "unshare")):
            raise NetworkRefused("Several nodes on one machine need root and the programs `ip` and `unshare`.")
        taken = _ip("addr", "show")
        number = next(n for n in _NETWORKS if f"10.213.{n}." not in taken and f" azora{n}" not in taken)
        self._bridge, self._prefix = f"azora{number}", f"10.213.{number}"
        _ip("link", "add", self._bridge, "type", "bridge")
        _ip("addr", "add", f"{self.address}/24", "dev", self._bridge)
        _ip("link", "set", self._bridge, "up")
        return self

    def add(self, label: str) -> Namespace:
        """A new namespace with an address of its own."""
        position = len(self._members) + 2
        member = Namespace(f"{self._bridge}-{label}", f"{self._prefix}.{position}")
        here, there = self._cable(position), "eth0"
        _ip("netns", "add", member.name)
        self._members.append(member)
        _ip("link", "add", here, "type", "veth", "peer", "name", there, "netns", member.name)
        _ip("link", "set", here, "master", self._bridge, "up")
        _ip("-n", member.name, "link", "set", "lo", "up")
        _ip("-n", member.name, "addr", "add", f"{member.address}/24", "dev", there)
        _ip("-n", member.name, "link", "set", there, "up")
        _ip("-n", member.name, "route", "add", "default", "via", self.address)
        return member

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for position, member in enumerate(self._members, 2):
            with suppress(NetworkRefused):
                member.clear()
                _ip("netns", "del", member.name)
            with suppress(NetworkRefused):  # a namespace lives on for as long as one of its processes does
                _ip("link", "del", self._cable(position))
        with suppress(NetworkRefused):
            _ip("link", "del", self._bridge)

    def _cable(self, position: int) -> str:
        """The machine's end of a member's cable."""
        return f"{self._bridge}v{position}"


def _ip(*words: str) -> str:
    done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise NetworkRefused(f"`ip {' '.join(words)}`: {done.stderr.strip() or done.returncode}")
    return done.stdout
