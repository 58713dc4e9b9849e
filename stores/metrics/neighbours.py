"""Other exporters of the same machine, whose families are passed on so that one scrape has everything."""

from __future__ import annotations

import urllib.request
from collections.abc import Callable
from dataclasses import dataclass

_TIMEOUT_SECONDS = 2.0
_MOST_BYTES = 32 * 2**20
# Straight to loopback, whatever proxy the environment names.
_open = urllib.request.build_opener(urllib.request.ProxyHandler({})).open


@dataclass
class Neighbour:
    """An exporter on loopback, of which only the families that begin with `prefix` are taken.

    `find` is asked for its address when it is not known or no longer right; None where nobody can tell.
    """

    prefix: str
    find: Callable[[], str | None]
    _url: str | None = None

    def text(self) -> str:
        """Its families; nothing where it does not answer in time."""
        self._url = self._url or self.find()
        if self._url is None:
            return ""
        try:
            with _open(self._url, timeout=_TIMEOUT_SECONDS) as response:
                return families(response.read(_MOST_BYTES).decode("utf-8", "replace"), self.prefix)
        except (OSError, ValueError):
            self._url = None
            return ""


def families(text: str, prefix: str) -> str:
    """The families of an exposition whose names begin with `prefix`, each once."""
    kept: list[str] = []
    begun: set[str] = set()
    current, keep = "", False
    for line in text.splitlines():
        if line.startswith(("# HELP ", "# TYPE ")):
            name = line.split(" ", 3)[2]
            if name != current:
                current, keep = name, name.startswith(prefix) and name not in begun
                begun.add(name)
        elif line.startswith("#"):
            continue
        if keep:
            kept.append(line)
    return "\n".join([*kept, ""]) if kept else ""
