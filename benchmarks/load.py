"""Load on loopback, and what it costs: wrk for as much as goes, hey for an even pace, psutil for CPU time."""

from __future__ import annotations

import csv
import io
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from statistics import quantiles

import psutil

_SECONDS = 6
_UNITS_MS = {"us": 0.001, "ms": 1.0, "s": 1000.0}


class ToolMissing(RuntimeError):
    """A load generator is not installed."""


@dataclass(frozen=True)
class Load:
    """One measurement. Latencies in milliseconds, CPU in microseconds per request over all processes."""

    requests_per_second: float
    p50_ms: float
    p99_ms: float
    errors: int
    cpu_us: float
    count: int


def require_tools() -> None:
    """Raises `ToolMissing`."""
    missing = [tool for tool in ("wrk", "hey") if shutil.which(tool) is None]
    if missing:
        raise ToolMissing(f"install {' and '.join(missing)} first (Debian: apt-get install {' '.join(missing)})")


def saturate(url: str, token: str, connections: int, cpu_seconds: Callable[[], float]) -> Load:
    """As many requests as `connections` can carry."""
    before = cpu_seconds()
    output = _run(
        "wrk", "-t1", f"-c{connections}", f"-d{_SECONDS}s", "--latency", "-H", f"authorization: Bearer {token}", url
    )
    spent = cpu_seconds() - before
    count = int(_found(r"(\d+) requests in", output))
    errors = sum(int(number) for number in re.findall(r"Non-2xx or 3xx responses: (\d+)", output))
    errors += sum(int(n) for line in re.findall(r"Socket errors: (.*)", output) for n in re.findall(r"\d+", line))
    return Load(
        requests_per_second=float(_found(r"Requests/sec:\s+([\d.]+)", output)),
        p50_ms=_latency(output, "50%"),
        p99_ms=_latency(output, "99%"),
        errors=errors,
        cpu_us=spent / count * 1e6,
        count=count,
    )


def pace(url: str, token: str, rate: float, cpu_seconds: Callable[[], float], workers: int = 16) -> Load:
    """An even `rate` (requests/s) over `workers` connections."""
    before = cpu_seconds()
    output = _run(
        "hey", "-z", f"{_SECONDS}s", "-c", str(workers), "-q", f"{rate / workers:.2f}", "-o", "csv",
        "-H", f"authorization: Bearer {token}", url,
    )  # fmt: skip
    spent = cpu_seconds() - before
    rows = list(csv.DictReader(io.StringIO(output)))
    times = [float(row["response-time"]) * 1000 for row in rows]
    cuts = quantiles(times, n=100)
    return Load(
        requests_per_second=len(rows) / _SECONDS,
        p50_ms=cuts[49],
        p99_ms=cuts[98],
        errors=sum(row["status-code"] != "200" for row in rows),
        cpu_us=spent / len(rows) * 1e6,
        count=len(rows),
    )


def cpu_of(pids: Iterable[int]) -> Callable[[], float]:
    """A reading of the CPU seconds that these processes and all their descendants have used so far."""
    roots = list(pids)

    def read() -> float:
        total = 0.0
        seen: set[int] = set()
        for root in roots:
            for process in [psutil.Process(root), *psutil.Process(root).children(recursive=True)]:
                if process.pid not in seen:
                    seen.add(process.pid)
                    total += _cpu(process)
        return total

    return read


def _cpu(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    # Those that have ended count as their parent's.
    return float(times.user + times.system + times.children_user + times.children_system)


def _run(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout


def _found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    if match is None:
        raise RuntimeError(f"unexpected output:\n{text}")
    return match[1]


def _latency(output: str, quantile: str) -> float:
    match = re.search(rf"{quantile}\s+([\d.]+)(us|ms|s)\b", output)
    assert match is not None
    return float(match[1]) * _UNITS_MS[match[2]]
