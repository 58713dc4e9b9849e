"""python -m benchmarks.llm.endurance [--calls 10000]

Calls over HTTP, whole and streamed, of a model that fails one time in seven, in each way that models fail, with one
beside it that does not; some callers leave in the middle. Prints what each fault came to and checks: every answer is
whole, or a clear error; the ledger has every call, and exactly the tokens that were reported; nothing is left open; and
memory stays as it was. Exits with 1 where a check fails. Loopback only.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import cycle
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import psutil
import yaml
from aiohttp import web
from rich.console import Console
from rich.table import Table

from benchmarks.client import Client
from benchmarks.llm.__main__ import make_key
from benchmarks.llm.faulty import STEADY, WORD, WORDS, FaultyModel
from benchmarks.target import Target, free_port, own_target

_CALLERS = 16
_FAULTS = ("slow", "stall", "cut", "malformed", "limited", "failing", "endless")
REPLICA = "ServeReplica"  # the processes that answer
_WHOLE = WORD * WORDS
_BROKEN = {"stall", "cut", "malformed", "endless"}
_BROKEN_OFF = {"502 upstream_broken", "stream, upstream_broken"}
_WARM_UP = 0.3
_GROWTH_BYTES = 24_000_000
console = Console(width=120)

Checks = list[tuple[str, bool]]


def schedule() -> list[str]:
    """Six good calls between two bad ones: with more failures a target would soon be left alone."""
    return [each for fault in _FAULTS for each in ("good",) * 6 + (fault,)]


def table_of_models(folder: Path, upstream: str, names: Sequence[str] = ("shaky", STEADY)) -> Path:
    """The model `m`, whose targets are asked in this order."""
    timeouts = {"connect": "1s", "first_token": "2s", "idle": "500ms", "total": "3s"}
    common = {"provider": "openai", "base_url": upstream, "region": "cluster", "max_concurrency": 100, "retries": 0}
    limits = {"timeouts": timeouts, "max_output_tokens": 64, "price": {"input": 1, "output": 1}}
    targets = {name: {**common, **limits, "model": name} for name in names}
    file = folder / "models.yaml"
    file.write_text(yaml.safe_dump({"targets": targets, "models": {"m": {"targets": [[name] for name in names]}}}))
    return file


class Callers:
    """Ask, and note by fault what it came to."""

    def __init__(self, url: str, key: str) -> None:
        self._url = url
        self._headers = {"authorization": f"Bearer {key}"}
        self.came: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.number = 0

    async def run(self, calls: int) -> None:
        """So many more."""
        faults, left = cycle(schedule()), iter(range(calls))
        async with aiohttp.ClientSession(headers=self._headers) as session:

            async def caller() -> None:
                for _ in left:
                    self.number += 1
                    fault, stream = next(faults), self.number % 2 == 0
                    leaves = fault == "good" and self.number % 10 == 0
                    self.came[fault][await self._call(session, fault, stream, leaves)] += 1

            await asyncio.gather(*(caller() for _ in range(_CALLERS)))

    async def _call(self, session: aiohttp.ClientSession, fault: str, stream: bool, leaves: bool) -> str:
        content = f"Question {self.number}, and now be {fault}"
        body = {"model": "m", "messages": [{"role": "user", "content": content}], "stream": stream}
        if stream:
            body["stream_options"] = {"include_usage": True}
        async with session.post(self._url, json=body) as answer:
            if leaves:
                return "left"
            read = await answer.read()
        if answer.status != 200:
            return f"{answer.status} {orjson.loads(read)['error']['code']}"
        return self._streamed(read) if stream else self._whole(orjson.loads(read))

    def _whole(self, answer: dict[str, Any]) -> str:
        [choice] = answer["choices"]
        return _complete(choice["message"]["content"], choice["finish_reason"])

    def _streamed(self, read: bytes) -> str:
        events = [line.removeprefix(b"data: ") for line in read.split(b"\n\n") if line]
        if events[-1] != b"[DONE]":
            return f"stream, {orjson.loads(events[-1])['error']['code']}"
        told = [orjson.loads(event) for event in events[:-1]]
        if "error" in told[-1]:
            return f"stream, {told[-1]['error']['code']}"
        choices = [choice for each in told for choice in each["choices"]]
        text = "".join(choice["delta"].get("content") or "" for choice in choices)
        return _complete(text, choices[-1]["finish_reason"])


def _complete(text: str, reason: str) -> str:
    if reason == "length":
        return "ended at its limit"
    return "whole" if (text, reason) == (_WHOLE, "stop") else f"wrong: {text[:50]} ({reason})"


def processes(place: Target, name: str) -> list[psutil.Process]:
    """The platform's processes of that name."""
    return [p for p in psutil.Process(place.pid).children(recursive=True) if name in " ".join(p.cmdline())]


async def report(place: Target) -> dict[str, Any]:
    """Usage by target, once everything is settled."""
    async with Client(place.base_url, 1) as client:
        await asyncio.sleep(5)
        _, found = await client.call("GET", "/api/llm/usage?by=target", who=place.admin)
    return dict(found)


async def run(calls: int) -> int:
    """Ask, print, check. Returns the exit status."""
    model, port = FaultyModel(), free_port()
    runner = web.AppRunner(model.application(), access_log=None, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    with tempfile.TemporaryDirectory(prefix="azora-endurance-") as directory:
        folder = Path(directory)
        folder.chmod(0o755)
        table = table_of_models(folder, f"http://127.0.0.1:{port}/v1")
        async with own_target("endurance", AZORA_MODELS_FILE=str(table)) as place:
            callers = Callers(f"{place.base_url}/v1/chat/completions", await make_key(place))
            await callers.run(round(calls * _WARM_UP))
            before = {process.pid: process.memory_info().rss for process in processes(place, REPLICA)}
            await callers.run(calls - callers.number)
            grown = [process.memory_info().rss - before.get(process.pid, 0) for process in processes(place, REPLICA)]
            checks = _checks(model, callers, await report(place), grown)
    await runner.cleanup()
    _print(callers, grown)
    for name, held in checks:
        console.print(f"{'held  ' if held else 'MISSED'} {name}")
    return 0 if all(held for _, held in checks) else 1


def _checks(model: FaultyModel, callers: Callers, usage: dict[str, Any], grown: list[int]) -> Checks:
    wrong = {
        (fault, what)
        for fault, came in callers.came.items()
        for what in came
        if what not in {"whole", "left"}
        and not (fault in _BROKEN and what in _BROKEN_OFF)
        and not (fault == "endless" and what == "ended at its limit")
    }
    steady = next((group for group in usage["groups"] if group["target"] == STEADY), None)
    counted = steady["input_tokens"] + steady["output_tokens"] if steady else 0
    return [
        (f"every answer is whole, or the error that its fault must come to {sorted(wrong) or ''}", not wrong),
        ("every call is in the ledger", usage["total"]["requests"] == callers.number),
        (f"tokens of the steady model as it reported them: {counted} of {model.told}", counted == model.told),
        ("no answer goes on at the upstream", model.answering == 0),
        (f"memory: at most {_GROWTH_BYTES / 1e6:.0f} MB more in a replica", max(grown) <= _GROWTH_BYTES),
    ]


def _print(callers: Callers, grown: list[int]) -> None:
    table = Table("fault", "came to", title=f"{callers.number:,} calls")
    for fault, came in sorted(callers.came.items()):
        table.add_row(fault, ", ".join(f"{what}: {count}" for what, count in came.most_common()))
    console.print(table)
    console.print("memory of replicas grew by", ", ".join(f"{each / 1e6:.1f} MB" for each in grown))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=10_000)
    sys.exit(asyncio.run(run(parser.parse_args().calls)))
