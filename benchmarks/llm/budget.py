"""python -m benchmarks.llm.budget [--calls 3000]

Two hundred callers against a budget that is enough for so many calls, over HTTP, while Valkey and then a replica are
killed with -9. Prints what calls came to and checks, by the upstream's own count as well as the ledger's: never more is
spent than there is, nothing that was answered is missing from the ledger, and nobody is refused while there is enough.
Exits with 1 where a check fails. Loopback only.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import aiohttp
import orjson
from aiohttp import web
from rich.console import Console

from benchmarks.client import Client
from benchmarks.llm.__main__ import make_key
from benchmarks.llm.endurance import REPLICA, Checks, processes, table_of_models
from benchmarks.llm.faulty import PROMPT_TOKENS, STEADY, WORDS, FaultyModel
from benchmarks.target import Target, free_port, own_target

_CALLERS = 200
_TOKENS_A_CALL = PROMPT_TOKENS + WORDS
_KILL_VALKEY_AT, _KILL_REPLICA_AT = 0.2, 0.5  # of the calls
_EXHAUSTED = "insufficient_quota"
_AWAY = {"503", "connection lost"}
_MOST_SECONDS = 180
console = Console(width=120)


class Spenders:
    """Ask again and again until the budget is spent."""

    def __init__(self, url: str, key: str) -> None:
        self._url = url
        self._headers = {"authorization": f"Bearer {key}"}
        self.came: Counter[str] = Counter()

    async def run(self) -> None:
        """Until each has been refused for want of budget."""
        connector = aiohttp.TCPConnector(limit=_CALLERS)
        timeout = aiohttp.ClientTimeout(total=30)
        async with aiohttp.ClientSession(headers=self._headers, connector=connector, timeout=timeout) as session:
            await asyncio.gather(*(self._spend(session, number) for number in range(_CALLERS)))

    async def _spend(self, session: aiohttp.ClientSession, number: int) -> None:
        came = ""
        while came != _EXHAUSTED:
            came = await self._call(session, stream=number % 2 == 0)
            self.came[came] += 1
            if came in _AWAY:
                await asyncio.sleep(0.2)

    async def _call(self, session: aiohttp.ClientSession, *, stream: bool) -> str:
        body = {"model": "m", "messages": [{"role": "user", "content": "Be good"}], "stream": stream}
        try:
            async with session.post(self._url, json=body) as answer:
                read = await answer.read()
        except (aiohttp.ClientError, TimeoutError):
            return "connection lost"
        if answer.status == 200:
            return "answered"
        if answer.status == 503:
            return "503"
        return str(orjson.loads(read)["error"]["code"])


async def kill_meanwhile(place: Target, model: FaultyModel, calls: int) -> list[str]:
    """Valkey, then a replica, each at its time. Gives what was killed."""
    killed: list[str] = []
    for share, name in ((_KILL_VALKEY_AT, "valkey-server"), (_KILL_REPLICA_AT, REPLICA)):
        while model.told < share * calls * _TOKENS_A_CALL:  # noqa: ASYNC110 - the model counts, and tells nobody
            await asyncio.sleep(0.02)
        # Of the replicas the one that works.
        victim = max(processes(place, name), key=lambda process: process.cpu_times().user)
        victim.kill()
        killed.append(name)
    return killed


async def run(calls: int) -> int:
    """Spend, print, check. Returns the exit status."""
    model, port, maximum = FaultyModel(), free_port(), calls * _TOKENS_A_CALL
    runner = web.AppRunner(model.application(), access_log=None, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    with tempfile.TemporaryDirectory(prefix="azora-budget-") as directory:
        folder = Path(directory)
        folder.chmod(0o755)
        table = table_of_models(folder, f"http://127.0.0.1:{port}/v1", (STEADY,))
        async with own_target("budget", AZORA_MODELS_FILE=str(table)) as place:
            spenders = Spenders(f"{place.base_url}/v1/chat/completions", await make_key(place))
            async with Client(place.base_url, 1) as client:
                body = {"subject": "organisation", "unit": "tokens", "period": "total", "maximum": maximum}
                await client.call("POST", "/api/llm/budgets", who=place.admin, json=body)
                async with asyncio.timeout(_MOST_SECONDS):
                    killed, _ = await asyncio.gather(kill_meanwhile(place, model, calls), spenders.run())
                await asyncio.sleep(2)
                _, found = await client.call("GET", "/api/llm/budgets", who=place.admin)
    await runner.cleanup()
    console.print(f"{_CALLERS} callers:", ", ".join(f"{what}: {count}" for what, count in spenders.came.most_common()))
    for name, held in (checks := _checks(model, spenders, found["items"][0], maximum, killed)):
        console.print(f"{'held  ' if held else 'MISSED'} {name}")
    return 0 if all(held for _, held in checks) else 1


def _checks(model: FaultyModel, spenders: Spenders, budget: dict[str, Any], maximum: int, killed: list[str]) -> Checks:
    spent, held = budget["spent"], budget["spent"] + budget["reserved"]
    expected = {"answered", _EXHAUSTED, *_AWAY}
    return [
        (f"killed meanwhile: {', '.join(killed)}", len(killed) == 2),
        (f"the upstream's count, {model.told:,}, is within {maximum:,}", model.told <= maximum),
        (f"spent {spent:,} and reserved {budget['reserved']:,} are within it", held <= maximum),
        (f"nothing answered is missing from the ledger: {held:,} of {model.told:,}", held >= model.told),
        ("calls are answered, refused for want of budget, or told to come again", spenders.came.keys() <= expected),
        (f"all but the last of it was used: {held / maximum:.0%}", held > 0.9 * maximum),
    ]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=3_000)
    sys.exit(asyncio.run(run(parser.parse_args().calls)))
