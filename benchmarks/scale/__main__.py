"""`python -m benchmarks.scale`: requests/s, events/s and processor time with 1, 2 and 4 replicas and aggregators, a
fitted model of what 10,000 and 100,000 requests/s need, with its assumptions, and the simulation behind the utilisation
that it plans with.

On few processors more replicas cannot bring more than those have: processor time per request is what travels.
"""

from __future__ import annotations

import argparse
import asyncio
import os

from rich.console import Console
from rich.table import Table

from benchmarks.load import require_tools
from benchmarks.scale.measuring import measure
from benchmarks.scale.model import Assumptions, Measured, fit, plan
from benchmarks.scale.simulation import Kind, mean_seconds, simulate

out = Console(highlight=False, soft_wrap=True)
RATES = (10_000, 100_000)
UTILISATIONS = (0.3, 0.6, 0.8, 0.9)
_REPLICAS = 20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replicas", default="1,2,4", help="numbers of replicas, and of aggregators, to measure")
    counts = [int(number) for number in parser.parse_args().replicas.split(",")]
    require_tools()
    out.print(f"{os.cpu_count()} processors, load average {os.getloadavg()[0]:.1f}\n")
    measured = []
    for count in counts:
        measured.append(asyncio.run(measure(count)))
        out.print(f"{count}: {measured[-1]}")  # at once: the next one may fail
    _show_measured(measured)
    _show_plan(measured)
    _show_waits(measured[0])


def _show_measured(measured: list[Measured]) -> None:
    table = Table("replicas", "from memory", "through the database", "µs per request: replica, proxy, database, rest")
    for item in measured:
        costs = "; ".join(
            ", ".join(f"{value:.0f}" for value in vars(cost).values()) for cost in (item.memory, item.through)
        )
        table.add_row(str(item.count), f"{item.memory_per_second:.0f}/s", f"{item.through_per_second:.0f}/s", costs)
    out.print(table)
    table = Table("aggregators", "events", "µs per event: aggregator, database")
    for item in measured:
        events = item.events
        table.add_row(str(item.count), f"{events.per_second:.0f}/s", f"{events.aggregator:.0f}, {events.database:.0f}")
    out.print(table)
    for name, rates in (
        ("requests through the database", {item.count: item.through_per_second for item in measured}),
        ("events", {item.count: item.events.per_second for item in measured}),
    ):
        law = fit(rates)
        out.print(f"{name}, fitted: gamma={law.gamma:.0f}/s, alpha={law.alpha:.3f}, beta={law.beta:.4f} "
                  "(alpha has the processors in it that all share here)")  # fmt: skip


def _show_plan(measured: list[Measured]) -> None:
    assumed = Assumptions()
    best = min(measured, key=lambda item: item.count)  # the fewer, the less they disturb each other's figures
    out.print(f"\nassumed: {assumed}")
    table = Table(
        "requests/s", "processors: replicas", "aggregators", "nodes", "PostgreSQL", "one primary is enough"
    )  # fmt: skip
    for rate in RATES:
        needs = plan(rate, best.memory, best.through, best.events, assumed)
        table.add_row(
            f"{rate:,}", f"{needs.replica_processors:.1f}", f"{needs.aggregator_processors:.1f}", str(needs.nodes),
            f"{needs.database_processors:.1f}",
            "yes" if needs.fits_one_primary else "no: read replicas, or more from memory",
        )  # fmt: skip
    out.print(table)


def _show_waits(item: Measured) -> None:
    assumed = Assumptions()
    kinds = (
        Kind(assumed.from_memory, item.memory.replica / 1e6),
        Kind(1 - assumed.from_memory, item.through.replica / 1e6, item.through.database / 1e6),
    )
    mean = mean_seconds(kinds)
    out.print(f"\nsimulated: {_REPLICAS} replicas, {mean * 1000:.2f} ms of one for a request in the mean, each kind of "
              "request as variable as an exponential time; nobody waits in the database")  # fmt: skip
    table = Table("utilisation", "p50", "p99", "p99.9")
    for utilisation in UTILISATIONS:
        waits = simulate(utilisation * _REPLICAS / mean, _REPLICAS, kinds)
        table.add_row(f"{utilisation:.0%}", *(f"{value * 1000:.2f} ms" for value in (waits.p50, waits.p99, waits.p999)))
    out.print(table)


if __name__ == "__main__":
    main()
