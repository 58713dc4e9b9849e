"""python -m benchmarks.llm [--litellm PATH] [--calls 300]

Prints what the platform adds to a call (p50, p95) with and without a budget, how much later the first token of a
stream comes, and requests per second of CPU time at 32 connections. `--litellm` is the `litellm` program of an
environment of its own (pip install 'litellm[proxy]'); beside its proxy, on one worker, the ratio is printed too. The
upstream answers after a fixed 20 ms, in the same run. Loopback only.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import randrange
from typing import Any

import yaml
from rich.console import Console
from rich.table import Table

from benchmarks.client import Client
from benchmarks.llm.timing import Place, at, interleaved
from benchmarks.load import cpu_of, require_tools
from benchmarks.target import Target, free_port, own_target

_CONNECTIONS = 32
_SECONDS = 6
_KEY = "sk-benchmark"
console = Console(width=120)


@contextmanager
def started(url: str, *command: str, **environment: str) -> Iterator[int]:
    """A program that answers HTTP at the address; its process id."""
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(command, env={**os.environ, **environment}, stdout=output, stderr=output)
        try:
            _await_answer(url, process)
            yield process.pid
        finally:
            process.terminate()
            process.wait(20)


def _await_answer(url: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        try:
            urllib.request.urlopen(url, timeout=1).close()  # noqa: S310
        except urllib.error.HTTPError:
            return
        except OSError:
            assert process.poll() is None, f"{url} did not come up"
            time.sleep(0.2)
        else:
            return
    raise RuntimeError(f"{url} did not come up")


def models(folder: Path, upstream: str) -> Path:
    """The platform's table, over the upstream."""
    common = {"provider": "openai", "base_url": upstream, "region": "cluster", "max_concurrency": 1000}
    table = {
        "targets": {
            name: {**common, "model": name, "price": {"input": 1, "output": 2}, "max_output_tokens": 256}
            for name in ("fast", "slow")
        },
        "models": {name: {"targets": [[name]]} for name in ("fast", "slow")},
    }
    file = folder / "models.yaml"
    file.write_text(yaml.safe_dump(table))
    return file


def litellm_table(folder: Path, upstream: str) -> Path:
    """The same for LiteLLM."""
    entries = [
        {"model_name": n, "litellm_params": {"model": f"openai/{n}", "api_base": upstream, "api_key": _KEY}}
        for n in ("fast", "slow")
    ]
    file = folder / "litellm.yaml"
    file.write_text(yaml.safe_dump({"model_list": entries, "general_settings": {"master_key": _KEY}}))
    return file


async def make_key(place: Target) -> str:
    """A key of the organisation: unlike an access token it outlasts the run."""
    async with Client(place.base_url, 4) as client:
        _, body = await client.call("POST", "/api/llm/keys", who=place.admin, json={"name": "benchmark"})
    return str(body["key"])


async def set_budget(place: Target) -> None:
    body = {"subject": "organisation", "unit": "tokens", "period": "day", "maximum": 2**50}
    async with Client(place.base_url, 4) as client:
        await client.call("POST", "/api/llm/budgets", who=place.admin, json=body)


def saturated(place: Place, pid: int, folder: Path) -> tuple[float, float]:
    """Requests per second, and per second of CPU time of the process and its descendants, at 32 connections."""
    script = folder / "wrk.lua"
    head, tail = place.body(stream=False, number="NUMBER").decode().replace("'", "\\'").split("NUMBER")
    script.write_text(
        f"wrk.headers['authorization'] = 'Bearer {place.token}'\nwrk.headers['content-type'] = 'application/json'\n"
        f"local number = {randrange(10**9)}\n"
        "function request()\n"
        "  number = number + 1\n"
        f"  return wrk.format('POST', nil, nil, '{head}' .. number .. '{tail}')\n"
        "end\n"
    )
    command = ["wrk", "-t1", f"-c{_CONNECTIONS}", "-s", str(script), f"{place.url}/chat/completions"]
    subprocess.run([*command, "-d2s"], check=True, capture_output=True)
    cpu = cpu_of([pid])
    before = cpu()
    output = subprocess.run([*command, f"-d{_SECONDS}s"], check=True, capture_output=True, text=True).stdout
    spent = cpu() - before
    assert "Non-2xx" not in output, output
    count = int(output.split(" requests in")[0].split()[-1])
    return count / _SECONDS, count / spent


def compare(places: dict[str, Place], calls: int) -> None:
    """Print what each adds to the first, which is the upstream itself."""
    table = Table("ms", *places, title=f"{calls} calls of each, in turn, one at a time")
    whole = [[end for _, end in found] for found in interleaved(list(places.values()), calls, stream=False)]
    slow = [Place(p.url, p.token, "slow") for p in places.values()]
    first = [[token for token, _ in found] for found in interleaved(slow, calls, stream=True)]
    for title, times in (("whole answer", whole), ("first token", first)):
        for percent in (50, 95):
            values = [at(found, percent) for found in times]
            cells = [f"{values[0]:.2f}", *(f"{value:.2f} (+{value - values[0]:.2f})" for value in values[1:])]
            table.add_row(f"{title}, p{percent}", *cells)
    console.print(table)


async def run(calls: int, litellm: Path | None) -> None:
    require_tools()
    port = free_port()
    upstream = f"http://127.0.0.1:{port}/v1"
    with (
        tempfile.TemporaryDirectory(prefix="azora-llm-bench-") as directory,
        started(upstream, sys.executable, "-m", "benchmarks.llm.upstream", str(port)),
    ):
        folder = Path(directory)
        folder.chmod(0o755)
        async with own_target("llm-bench", AZORA_MODELS_FILE=str(models(folder, upstream))) as place:
            platform = Place(f"{place.base_url}/v1", await make_key(place))
            direct = Place(upstream, _KEY)
            compare({"directly": direct, "platform": platform}, calls)
            rates = {"platform": saturated(platform, place.pid, folder)}
            await set_budget(place)
            await asyncio.sleep(1)
            compare({"directly": direct, "platform, with a budget": platform}, calls)
            rates["platform, with a budget"] = saturated(platform, place.pid, folder)
        if litellm is not None:
            rates["LiteLLM"] = beside(litellm, direct, upstream, folder, calls)
    table = Table("at 32 connections", "requests/s", "requests per CPU second")
    for name, (rate, per_cpu) in rates.items():
        ratio = f" ({per_cpu / rates['LiteLLM'][1]:.1f} x)" if "LiteLLM" in rates else ""
        table.add_row(name, f"{rate:.0f}", f"{per_cpu:.0f}{ratio}")
    console.print(table)


def beside(program: Path, direct: Place, upstream: str, folder: Path, calls: int) -> tuple[float, float]:
    """LiteLLM's proxy on one worker."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = (
        str(program),
        "--config",
        str(litellm_table(folder, upstream)),
        "--port",
        str(port),
        "--host",
        "127.0.0.1",
    )
    quiet: dict[str, Any] = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_LOG": "ERROR"}
    with started(f"{url}/health/liveliness", *command, "--telemetry", "False", **quiet) as pid:
        proxy = Place(f"{url}/v1", _KEY)
        compare({"directly": direct, "LiteLLM": proxy}, calls)
        return saturated(proxy, pid, folder)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=300)
    parser.add_argument("--litellm", type=Path, help="the program of an environment of its own")
    given = parser.parse_args()
    asyncio.run(run(given.calls, given.litellm))
