"""Running a job by each of its commands, killing it half way, and looking at what it wrote."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np

from benchmarks.jobs.asked import Asked

TIMEOUT_SECONDS = 900
_DONE = "is there already"
_BAR = re.compile(r"[\u2501\u2578\u257a]|\d+/\d+")
Environment = Mapping[str, str]


@dataclass(frozen=True)
class Outcome:
    """What came of a command, and all that it printed."""

    succeeded: bool
    printed: str
    seconds: float

    @property
    def found_done(self) -> bool:
        return _DONE in self.printed

    @property
    def showed_progress(self) -> bool:
        return _BAR.search(self.printed) is not None


Command = Callable[[Asked, Path], list[str]]


def here(one: Asked, folder: Path) -> list[str]:
    """`azora job NAME`."""
    return [sys.executable, "-m", "cluster", "job", one.name, *one.arguments(folder)]


def submitted(one: Asked, folder: Path) -> list[str]:
    """`ray job submit -- python -m jobs.NAME`."""
    ray = str(Path(sys.executable).with_name("ray"))
    return [ray, "job", "submit", "--", "python", "-m", f"jobs.{one.name.replace('-', '_')}", *one.arguments(folder)]


def run(command: list[str], environment: Environment) -> Outcome:
    """To its end, on a terminal of its own, as a person would."""
    began = time.perf_counter()
    with _on_terminal(command, environment) as (process, printed):
        try:
            status = process.wait(TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            status = process.wait()
    return Outcome(status == 0, printed(), time.perf_counter() - began)


def run_and_kill(one: Asked, command: list[str], folder: Path, environment: Environment, after: float) -> bool:
    """Start it and `kill -9` its process half way: with a batch finished, or after so many seconds where it has none.
    False where it was quicker than that."""
    with _on_terminal(command, environment) as (process, _):
        working, until = None, time.monotonic() + TIMEOUT_SECONDS
        while process.poll() is None and time.monotonic() < until:
            working = working or _process_of(one, folder)
            if working is not None and (_a_batch_is_done(one, folder) or time.monotonic() - working[1] > after):
                try:
                    os.kill(working[0], signal.SIGKILL)
                except ProcessLookupError:
                    break  # it was quicker
                process.wait(TIMEOUT_SECONDS)
                return True
            time.sleep(0.05)
        process.kill()
        process.wait()
    return False


def _process_of(one: Asked, folder: Path) -> tuple[int, float] | None:
    """The process that does the job's work, by its command line, and when it was found."""
    name = one.name.replace("-", "_")
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            words = (entry / "cmdline").read_bytes().decode(errors="replace").split("\0")
        except OSError:
            continue
        own = one.out is None or str(folder / one.out) in words
        if (own and words[1:3] == ["-m", f"jobs.{name}"]) or (own and words[1:5] == ["-m", "cluster", "job", one.name]):
            return int(entry.name), time.monotonic()
    return None


def _a_batch_is_done(one: Asked, folder: Path) -> bool:
    return one.out is not None and any((folder / f"{one.out}.partial").glob("*/*.jsonl"))


@contextmanager
def _on_terminal(
    command: list[str], environment: Environment
) -> Iterator[tuple[subprocess.Popen[bytes], Callable[[], str]]]:
    ours, theirs = pty.openpty()
    parts: list[bytes] = []

    def read() -> None:
        try:
            while some := os.read(ours, 65_536):
                parts.append(some)
        except OSError:  # the other end is closed
            return

    process = subprocess.Popen(command, env={**environment, "COLUMNS": "120"}, stdout=theirs, stderr=theirs)
    os.close(theirs)
    reader = Thread(target=read, daemon=True)
    reader.start()

    def printed() -> str:
        reader.join(5)
        return b"".join(parts).decode(errors="replace")

    try:
        yield process, printed
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        reader.join(5)
        os.close(ours)


def wrote(one: Asked, folder: Path) -> Any:
    """What stands in the output: arrays of a model by name, else a digest of the file."""
    assert one.out is not None
    path = folder / one.out
    if path.suffix != ".npz":
        return sha256(path.read_bytes()).hexdigest()
    with np.load(path) as opened:
        return {name: opened[name] for name in opened.files}


def same(first: Any, second: Any) -> bool:
    """Whether two outputs are equal; numbers of a model to what rounding leaves."""
    if not isinstance(first, dict):
        return bool(first == second)
    return first.keys() == second.keys() and all(_alike(first[name], second[name]) for name in first)


def _alike(one: Any, other: Any) -> bool:
    if one.shape != other.shape:
        return False
    if one.dtype.kind == "f":
        return bool(np.allclose(one, other, rtol=1e-4, atol=1e-6))
    return bool((one == other).all())


def noted(one: Asked, folder: Path) -> dict[str, Any]:
    """The summary that lies beside the output."""
    found: dict[str, Any] = json.loads((folder / f"{one.out}.summary.json").read_text())
    return found
