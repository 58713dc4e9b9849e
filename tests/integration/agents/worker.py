"""Agents that are killed. For each line on the standard input a process is forked, which works until the point that the
line names; there it kills itself. The line is answered with the process's number, and once more when it is gone.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys

from actors.agent.making import live
from configs.settings import Settings
from deployments.kit.permissions import ROLES


def main(database_url: str, valkey_url: str, data_keys: str, services_url: str) -> None:
    settings = Settings(
        database_url=database_url,  # type: ignore[arg-type]
        valkey_url=valkey_url,  # type: ignore[arg-type]
        data_keys=data_keys,  # type: ignore[arg-type]
        services_url=services_url,
    )
    sys.stdout, answers = open(os.devnull, "w"), sys.stdout  # noqa: SIM115 - agents log there
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            asyncio.run(live(settings, "agent-crashing", ROLES, asyncio.Event(), _killer(line.strip())))
        print(pid, file=answers, flush=True)
        os.waitpid(pid, 0)
        print("gone", file=answers, flush=True)


def _killer(point: str):  # type: ignore[no-untyped-def]
    def trace(here: str) -> None:
        if here == point:
            os.kill(os.getpid(), signal.SIGKILL)

    return trace


if __name__ == "__main__":
    main(*sys.argv[1:])
