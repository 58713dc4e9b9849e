"""The tour of README.md, typed by a newcomer: every marked block in order, in one shell.

A line that prints says what after `# -> `; the shell must print exactly that, line by line, and nothing else.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.conftest import RunningPlatform, on

README = Path(__file__).parents[2] / "README.md"
_BLOCK = re.compile(r"<!-- tour -->\n```bash\n(.*?)```", re.DOTALL)
_PROMISE = re.compile(r"# -> (.+?)\s*$", re.MULTILINE)
_TIMEOUT_SECONDS = 240


@pytest.fixture(scope="module")
def script() -> str:
    return "set -euo pipefail\n" + "".join(_BLOCK.findall(README.read_text()))


@pytest.fixture(scope="module")
def environment(running_platform: RunningPlatform, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What the newcomer's shell has: `azora` on the PATH, and the address where this platform's differs."""
    directory = tmp_path_factory.mktemp("bin")
    command = directory / "azora"
    command.write_text(f'#!/bin/sh\nPYTHONPATH={README.parent} exec {sys.executable} -m cluster "$@"\n')
    command.chmod(0o700)
    return {**dict(_inherited()), "AZORA_HOME": str(running_platform.home), "URL": running_platform.base_url,
            "PATH": f"{directory}:{os.environ['PATH']}"}  # fmt: skip


def _inherited() -> Iterator[tuple[str, str]]:
    # Settings of whoever runs the tests are not the newcomer's.
    return ((name, value) for name, value in os.environ.items() if not name.startswith("AZORA_"))


def test_the_tour_prints_what_it_promises(script: str, environment: dict[str, str]) -> None:
    done = subprocess.run(
        ["bash", "-c", script], env=environment, cwd=README.parent, text=True, capture_output=True,
        timeout=_TIMEOUT_SECONDS, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines() == _PROMISE.findall(script)


@on("local")  # what a second time meets are rows, which know no topology
def test_the_tour_can_be_taken_twice(script: str, environment: dict[str, str]) -> None:
    done = subprocess.run(
        ["bash", "-c", script], env=environment, cwd=README.parent, capture_output=True, timeout=_TIMEOUT_SECONDS,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
