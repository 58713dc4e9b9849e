"""Processes that count something into a directory, as the platform's do."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

from stores.metrics.registry import DIRECTORY_VARIABLE

_ROOT = Path(__file__).parents[3]


def start(directory: Path, program: str) -> subprocess.Popen[str]:
    """Run a program that counts; it prints `ready` when it has, and then waits to be ended."""
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program) + "\nprint('ready', flush=True)\ninput()"],
        env={**os.environ, DIRECTORY_VARIABLE: str(directory)},
        cwd=_ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def kill(process: subprocess.Popen[str]) -> None:
    """End it as a crash would."""
    process.kill()
    process.communicate()
