"""What answers scrapes on a node of a cluster, whatever runs there: the head has no process of the platform.

    python -m cluster.node_metrics HOST PORT DIRECTORY RAY_PORT

`azora cluster node` leaves it behind, and it ends with the node. Where it dies any process of the platform takes its
place.
"""

from __future__ import annotations

import re
import subprocess
import sys
import threading
from pathlib import Path

from actors.monitoring import neighbours
from cluster.embedded import launch
from configs.settings import Settings
from stores.metrics.exporter import Exporter

_RETRY_SECONDS = 5.0
_NO_OTHER_ACCOUNT = "-"


def leave(settings: Settings, command: str, directory: str, parent: int) -> None:
    """Start it beside the node that `command` starts in the process `parent`, with whose thread it ends.

    Where the command does not tell the port of Ray's own metrics nothing is started: processes that Ray starts know it.
    """
    told = re.search(r"--metrics-export-port[= ](\d+)", command)
    if told is None or not settings.metrics_port:
        return
    words = (settings.metrics_host, str(settings.metrics_port), directory, told[1])
    subprocess.Popen(
        [
            sys.executable, "-I", "-S", launch.__file__, str(parent), "15", _NO_OTHER_ACCOUNT,
            sys.executable, "-m", __name__, *words,
        ],
        stdin=subprocess.DEVNULL,
    )  # fmt: skip


def main(host: str, port: str, directory: str, ray_port: str) -> None:
    """Answer until ended."""
    Exporter(host, int(port), Path(directory), neighbours(int(ray_port)), retry_seconds=_RETRY_SECONDS).start()
    threading.Event().wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
