"""What the event log and analytics bear, beside a plain consumer in the same run.

    python -m benchmarks.events [--quick] [--only NAME ...]

Starts platforms of its own and prints what it measures: `aggregation` (events appended at 5,000/s and all at once),
`ingest` (the API's batches), `prompt` (from commit to the live stream), `view` (a course of a million events) and
`kafka` (aggregation through a broker: that of AZORA_KAFKA_BOOTSTRAP_SERVERS, else one of its own). Exits with 1 where a
target is missed. `--quick` takes fewer of everything, to see that it works; its figures say little.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable, Mapping

from benchmarks.events import aggregation, ingest, prompt, view
from benchmarks.events.bench import FULL, QUICK, Bench, Check, Sizes, console, opened
from benchmarks.load import require_tools
from benchmarks.term_figures import kafka
from stores.ids import new_id

Part = Callable[[Bench], Awaitable[list[Check]]]
_PARTS: Mapping[str, Part] = {
    "aggregation": lambda bench: aggregation.run(bench, "log in PostgreSQL"),
    "ingest": ingest.run,
    "prompt": prompt.run,
    "view": view.run,
}
_KAFKA = "kafka"


async def measure(names: list[str], sizes: Sizes) -> int:
    """Run the parts that are named and print them. Returns the exit status: 1 where a target is missed."""
    checks: list[Check] = []
    if parts := [part for name, part in _PARTS.items() if name in names]:
        async with opened(sizes) as bench:
            for part in parts:
                checks += await part(bench)
    if _KAFKA in names:
        with kafka(True) as environment:
            prefix = f"bench-{new_id().hex[-12:]}-"
            async with opened(sizes, AZORA_KAFKA_TOPIC_PREFIX=prefix, **environment) as bench:
                checks += await aggregation.run(bench, "log in Kafka")
    for check in checks:
        console.print(f"{'held  ' if check.held else 'MISSED'} {check.name}")
    return 0 if all(check.held for check in checks) else 1


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description="What the event log and analytics bear.")
    parser.add_argument("--quick", action="store_true", help="fewer of everything")
    parser.add_argument("--only", action="append", choices=[*_PARTS, _KAFKA], help="one part; may be repeated")
    arguments = parser.parse_args()
    require_tools()
    names = arguments.only or [*_PARTS, _KAFKA]
    return asyncio.run(measure(names, QUICK if arguments.quick else FULL))


if __name__ == "__main__":
    sys.exit(main())
