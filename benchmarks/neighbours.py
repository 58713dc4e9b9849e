"""Two organisations at work at once, each of which must see its own figures and nothing else.

    python -m benchmarks.neighbours --data FOLDER [--presentations AAA/2013J EEE/2014B]

Replays one presentation in each of two organisations of one platform at the same time, as `benchmarks.term` does, while
each watches its live stream. Afterwards the figures of each must equal its own tables, neither stream may ever have
shown more than its own organisation has, and every route of analytics must answer 404 or 403 to questions about the
other's courses and learners. Exits with 1 where any of it is not so.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import orjson
from rich.progress import Progress

from benchmarks import oulad
from benchmarks.client import Client
from benchmarks.target import Target, neighbour, own_target
from benchmarks.term import Journal, Term
from benchmarks.term_figures import caught_up

_COUNTED = ("enrollments", "drops", "completions")
_COURSE_ROUTES = ("", "/trends", "/funnel", "/cohorts")
_LEARNER_ROUTES = ("", "/trends")
_REFUSED = (403, 404)
_CONNECTIONS = 16
_LAST_SECONDS = 15.0


@dataclass
class Tenant:
    """One organisation with its term, and what its stream has shown."""

    place: Target
    term: Term
    shown: list[dict[str, Any]] = field(default_factory=list)

    def expected(self) -> dict[str, int]:
        """What its tables say."""
        tables = self.term.presentation.expected()
        return {"enrollments": tables.enrolments, "drops": tables.withdrawals, "completions": tables.completions}


async def _watch(tenant: Tenant, client: Client) -> None:
    """Note every figure that the organisation's stream shows, until cancelled."""
    headers = {"authorization": f"Bearer {await client.token(tenant.place.admin)}"}
    address = f"{tenant.place.base_url}/api/analytics/stream?scope=organisation"
    async with (
        aiohttp.ClientSession(headers=headers, timeout=aiohttp.ClientTimeout(total=None)) as http,
        http.get(address) as stream,
    ):
        while line := await stream.content.readline():
            if line.startswith(b"data: ") and (totals := orjson.loads(line[6:]).get("totals")):
                tenant.shown.append(totals["figures"])


def _stream_differs(tenant: Tenant) -> list[str]:
    """More than the organisation's own was shown at some time, or less in the end."""
    found = []
    for name, own in tenant.expected().items():
        values = [figures[name] for figures in tenant.shown if name in figures]
        if not values or max(values) > own or values[-1] != own:
            found.append(f"{tenant.place.organisation}: its stream showed {name} {values[-3:]}, its tables have {own}")
    return found


async def _organisation_differs(tenant: Tenant, client: Client) -> list[str]:
    _, view = await client.call("GET", "/api/analytics/organisation", who=tenant.place.admin)
    told = view["totals"]["figures"]
    return [
        f"{tenant.place.organisation}: {name}: tables {own}, analytics {told[name]}"
        for name, own in tenant.expected().items()
        if told[name] != own
    ]


async def _leaks(asking: Tenant, asked: Tenant, client: Client) -> list[str]:
    """Routes that tell one organisation's administrator anything of the other's."""
    _, learners = await client.call("GET", "/api/analytics/learners?limit=1", who=asked.place.admin)
    course, pseudonym = asked.term.course_id, learners["items"][0]["pseudonym"]
    paths = [f"/api/analytics/courses/{course}{route}" for route in _COURSE_ROUTES]
    paths += [f"/api/analytics/learners/{pseudonym}{route}" for route in _LEARNER_ROUTES]
    paths += [f"/api/analytics/stream?scope=course&id={course}", "/api/analytics/platform"]
    found = []
    for path in paths:
        status, _ = await client.call("GET", path, who=asking.place.admin, accept=(200, *_REFUSED))
        if status not in _REFUSED:
            found.append(f"{asking.place.organisation} is told {path} of {asked.place.organisation}")
    return found


async def _settled(tenant: Tenant) -> None:
    """Wait until the stream has shown everything; what it never shows is a difference."""
    async with asyncio.timeout(_LAST_SECONDS):
        while _stream_differs(tenant):  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.2)


async def _replayed(tenants: Sequence[Tenant], client: Client) -> None:
    with Progress() as bar:
        watching = [asyncio.create_task(_watch(tenant, client)) for tenant in tenants]
        try:
            await asyncio.gather(*(tenant.term.run(bar) for tenant in tenants))
            await caught_up(tenants[0].place)
            await asyncio.gather(*(_settled(tenant) for tenant in tenants), return_exceptions=True)
        finally:
            for task in watching:
                task.cancel()


async def replay(data: Path, presentations: Sequence[str]) -> int:
    """Replay both and print what is wrong. Returns the exit status."""
    async with own_target("north") as north, Client(north.base_url, _CONNECTIONS) as client:
        places = [north, await neighbour(north, "south")]
        tenants = [
            Tenant(place, Term(client, place, oulad.read(data, *name.split("/")), Journal(None), bulk=False))
            for place, name in zip(places, presentations, strict=True)
        ]
        await _replayed(tenants, client)
        differences = [line for tenant in tenants for line in _stream_differs(tenant)]
        for asking, asked in (tenants, tenants[::-1]):
            differences += await asking.term.differences()
            differences += await _organisation_differs(asking, client)
            differences += await _leaks(asking, asked, client)
    for line in differences:
        print(f"DIFFERS {line}")
    if not differences:
        updates = " and ".join(str(len(tenant.shown)) for tenant in tenants)
        print(f"equal: each organisation saw its own figures and nothing else ({updates} updates of the streams)")
    return 1 if differences else 0


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description="Two organisations at work at once.")
    parser.add_argument("--data", type=Path, required=True, help="the folder with the OULAD tables")
    parser.add_argument(
        "--presentations", nargs=2, default=["AAA/2013J", "EEE/2014B"], help="one for each organisation"
    )
    arguments = parser.parse_args()
    return asyncio.run(replay(arguments.data, arguments.presentations))


if __name__ == "__main__":
    sys.exit(main())
