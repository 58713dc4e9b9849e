"""`python -m benchmarks.cluster faults`: several nodes on this machine, broken one after the other under a steady load.

Prints where replicas and actors are, what was broken when, how long until the cluster was whole again, how many
requests were answered rightly at the first attempt, and whether everything acknowledged is there. Exits with 1 where
one of the promises is broken. Needs root and some 8 GiB of memory.
"""

from __future__ import annotations

import asyncio
import copy
import os
import signal
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import httpx
import typer
from rich.console import Console

from benchmarks.cluster import autoscaling as scaling
from benchmarks.cluster import errands as working
from benchmarks.cluster import faults as breaking
from benchmarks.cluster import load as loading
from benchmarks.cluster import submitting, talking, watching, world
from benchmarks.cluster import verdict as judging
from benchmarks.jobs.asked import asked, on_learners
from benchmarks.target import free_port
from cluster.node import PRODUCTION_TOPOLOGY
from cluster.serve_configuration import ServeConfiguration
from cluster.several.local_cluster import LocalCluster
from cluster.several.report import placement_table
from cluster.several.shape import Shape
from configs.settings import Settings

AVAILABILITY = 0.999
RECOVERY_SECONDS = 30.0
_PATIENCE_SECONDS = 150.0
_NOBODY = "smtp://127.0.0.1:9"  # mails stay in the database, where they can be counted
_UNLIMITED = "100000000/60s"
_STARTED_SECONDS = 10.0  # agents whom the tasks called have started, and compete with nothing that comes back
_CALLERS = 6  # of a model, while replicas are replaced

app = typer.Typer(add_completion=False)
out = Console(highlight=False, soft_wrap=True)
Seconds = Annotated[float, typer.Option(help="how long the load lasts")]
Rate = Annotated[float, typer.Option(help="requests a second")]
Keep = Annotated[Path | None, typer.Option(help="a folder for the logs of the nodes and of Ray")]
Workers = Annotated[int, typer.Option(min=2, help="nodes besides the head")]


@dataclass(frozen=True)
class Blow:
    """A fault and what came of it; times are those of the load's clock."""

    name: str
    what: str
    at: float
    recovery: watching.Recovery
    errands: working.Errands | None = None


@asynccontextmanager
async def running(
    workers: int,
    keep: Path | None,
    shape: Shape | None = None,
    topology: ServeConfiguration | None = None,
    talk: talking.Talk | None = None,
) -> AsyncIterator[tuple[LocalCluster, httpx.AsyncClient]]:
    """A cluster of its own, by default with the production topology, and a client of its gateway; `keep` is a folder
    for its logs. With `talk` there is a model to speak with."""
    with tempfile.TemporaryDirectory(prefix="azc-", dir="/tmp") as directory:
        Path(directory).chmod(0o711)  # run as root, PostgreSQL works as another account, which must be able to enter
        settings = Settings(
            home=Path(directory) / "home", http_port=free_port(), demo=False, bcrypt_cost=4, analytics_aggregators=2,
            analytics_minimum_group=1, warm_workers=8, rate_limit=_UNLIMITED, rate_limit_anonymous=_UNLIMITED,
            rate_limit_credentials=_UNLIMITED, agents=4, smtp_url=_NOBODY,
            models_file=Path(directory) / "models.yaml" if talk is not None else None,
        )  # fmt: skip
        shape = shape or Shape(workers=workers, worker_cpus=16)
        tell = lambda event: out.print(f"  [dim]{time.strftime('%H:%M:%S')} {event}[/dim]")  # noqa: E731
        async with AsyncExitStack() as stack, LocalCluster(settings, shape, tell, keep) as cluster:
            if talk is not None:
                assert settings.models_file is not None
                stack.push_async_callback((await talk.serve(cluster, settings.models_file)).cleanup)
            began = time.monotonic()
            await cluster.deploy(topology or ServeConfiguration.read(PRODUCTION_TOPOLOGY))
            out.print(f"services after {time.monotonic() - began:.0f} s\n")
            async with world.client(cluster) as http:
                yield cluster, http


@app.callback()
def main() -> None:
    """Several nodes on this machine, broken on purpose."""


@app.command()
def faults(
    seconds: Seconds = 600,
    rate: Rate = 20,
    workers: Workers = 3,
    only: Annotated[int, typer.Option(help="one of the faults alone, 1 to 3; 0 for all")] = 0,
    keep: Keep = None,
) -> None:
    """Kill a worker's raylet, the head's GCS and a node with aggregators under load."""
    chosen = breaking.FAULTS if only == 0 else breaking.FAULTS[only - 1 : only]
    raise typer.Exit(0 if asyncio.run(_faults(seconds, rate, workers, chosen, keep)) else 1)


async def _faults(
    seconds: float, rate: float, workers: int, chosen: tuple[breaking.Fault, ...], keep: Path | None
) -> bool:
    _end_on_sigterm()
    async with AsyncExitStack() as stack:
        cluster, http = await stack.enter_async_context(running(workers, keep))
        many = await stack.enter_async_context(world.load_client(cluster))
        people = max(working.RECIPIENTS, int(rate * seconds * 0.3 / 60))
        place = await world.build(cluster, http, learners=people, courses=10)
        tasks = await stack.enter_async_context(working.errands(cluster, place))
        out.print(await cluster.ask(placement_table))
        out.print(f"\n{rate:g} requests/s for {seconds:.0f} s; load average {os.getloadavg()[0]:.1f}\n")
        work, stop = loading.Load(place, many, rate), asyncio.Event()
        work.began = time.monotonic()
        running_load = asyncio.create_task(work.run(stop))
        blows = []
        for number, fault in enumerate(chosen):
            await _until(work, (number + 0.5) * seconds / len(chosen))
            blows.append(await _strike(cluster, http, work, fault, tasks if fault.errands else None))
        await _until(work, seconds)
        stop.set()
        await running_load
        troubles = await tasks.troubles()
        out.print()
        out.print(await cluster.ask(placement_table))
        return report(work, blows, await judging.judge(cluster, place, work.ledger), seconds, troubles)


def _end_on_sigterm() -> None:
    """In order, as on Ctrl-C: namespaces and nodes are not left behind."""
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)


@app.command()
def autoscale(
    busy: Annotated[int, typer.Option(help="clients at once while it is busy")] = 48,
    up_seconds: Annotated[float, typer.Option(help="how long it is busy")] = 90,
    down_seconds: Annotated[float, typer.Option(help="how long nodes have to go again")] = 180,
    keep: Keep = None,
) -> None:
    """Ray's autoscaler, with nodes of this machine: they come with the load and go with it, and no request fails."""
    raise typer.Exit(0 if asyncio.run(_autoscale(busy, up_seconds, down_seconds, keep)) else 1)


async def _autoscale(busy: int, up_seconds: float, down_seconds: float, keep: Path | None) -> bool:
    _end_on_sigterm()
    shape = Shape(workers=0, worker_cpus=scaling.WORKER_CPUS, autoscaled_to=3, idle_seconds=10)
    async with running(0, keep, shape, scaling.topology()) as (cluster, http), world.load_client(cluster) as many:
        place = await world.build(cluster, http, learners=8, courses=2)
        course = await scaling.run(cluster, place, many, busy, up_seconds, down_seconds)
        out.print(await cluster.ask(placement_table))
    nodes, replicas = course.most()
    promises = {
        f"nodes and replicas came: {nodes} and {replicas} at the most": nodes > 1 and replicas > 2,
        f"and went: {course.samples[-1][1]} and {course.samples[-1][2]} at the end": course.samples[-1][1:] == (1, 1),
        f"no failed request of {course.requests}": not course.failed,
    }
    for failure, count in Counter(course.failed).items():
        out.print(f"  {count:5d}  {failure}")
    for promise, kept in promises.items():
        out.print(f"[{'green' if kept else 'red'}]{'kept' if kept else 'BROKEN'}[/]  {promise}")
    return all(promises.values())


@app.command()
def upgrade(seconds: Seconds = 90, rate: Rate = 10, workers: Workers = 3, keep: Keep = None) -> None:
    """Replace every replica under load, as a new release does: no request may fail."""
    raise typer.Exit(0 if asyncio.run(_upgrade(seconds, rate, workers, keep)) else 1)


async def _upgrade(seconds: float, rate: float, workers: int, keep: Path | None) -> bool:
    _end_on_sigterm()
    talk = talking.Talk(_CALLERS)
    async with running(workers, keep, talk=talk) as (cluster, http), world.load_client(cluster) as many:
        place = await world.build(cluster, http, learners=max(20, int(rate * seconds * 0.3 / 60)), courses=10)
        before: watching.Picture = await cluster.ask(watching.look)
        work, stop = loading.Load(place, many, rate), asyncio.Event()
        work.began = time.monotonic()
        load = asyncio.gather(work.run(stop), talk.run(place, many, stop))
        await _until(work, seconds / 4)
        began = time.monotonic()
        await cluster.deploy(_another_release(ServeConfiguration.read(PRODUCTION_TOPOLOGY)))
        took = time.monotonic() - began
        out.print(f"deployed while {rate:g} requests/s came: every application ran the new release after {took:.0f} s")
        await _until(work, max(seconds, seconds / 4 + took + 15))
        stop.set()
        await load
        after: watching.Picture = await cluster.ask(watching.look)
        left = {replica.id for replica in before.replicas} & {replica.id for replica in after.replicas}
        verdict = await judging.judge(cluster, place, work.ledger)
        out.print(f"{len(before.replicas)} replicas before, {len(after.replicas)} after, {len(left)} in both")
        out.print(f"answers of a model: {dict(talk.came)}, {talk.repeated} asked for twice")
        kept = report(work, [], verdict, seconds) and not work.ledger.troubles() and not left
        kept = kept and not talk.wrong and not talk.repeated and talk.came.total() > 0
        out.print(f"[{'green' if kept else 'red'}]{'kept' if kept else 'BROKEN'}[/]  no failed request, no old replica")
        return kept


def _another_release(topology: ServeConfiguration) -> ServeConfiguration:
    """The same code under another name: Serve replaces replicas whose environment is another."""
    document = copy.deepcopy(topology.document)
    for application in document["applications"]:
        for deployment in application.get("deployments", []):
            options = deployment.setdefault("ray_actor_options", {})
            options["runtime_env"] = {"env_vars": {"RELEASE": "another"}}
    return ServeConfiguration(topology.path, document)


@app.command()
def jobs(
    data: Annotated[Path, typer.Option(help="a folder as `python -m benchmarks.jobs` takes it")],
    workers: Workers = 2,
    rows: Annotated[int, typer.Option(help="how many answers")] = 200,
    keep: Keep = None,
) -> None:
    """Submit every job with `ray job submit`, each to a worker."""
    raise typer.Exit(0 if asyncio.run(_jobs(data, workers, rows, keep)) else 1)


async def _jobs(data: Path, workers: int, rows: int, keep: Path | None) -> bool:
    _end_on_sigterm()
    kept = True
    with tempfile.TemporaryDirectory() as work:
        async with running(workers, keep) as (cluster, http):
            place = await world.build(cluster, http, learners=4, courses=1)
            every = [*asked(data, Path(work), Path(work), rows), on_learners(place.organisation)]
            for number, one in enumerate(every):
                outcome = await submitting.submit(cluster, one, number, Path(work))
                there = outcome.address in {node.plan.namespace.address for node in cluster.workers}
                kept &= outcome.succeeded and there
                colour, word = ("green", "succeeded") if outcome.succeeded else ("red", "FAILED")
                out.print(f"[{colour}]{word}[/]  {one.name} on {outcome.address} in {outcome.seconds:.0f} s")
                if not outcome.succeeded:
                    out.print(outcome.printed[-3_000:], markup=False)
    return kept


async def _until(work: loading.Load, elapsed: float) -> None:
    await asyncio.sleep(max(0.0, work.began + elapsed - time.monotonic()))


async def _strike(
    cluster: LocalCluster, http: httpx.AsyncClient, work: loading.Load, fault: breaking.Fault,
    tasks: working.Errands | None,
) -> Blow:  # fmt: skip
    if tasks is not None:
        await tasks.ask()
        await asyncio.sleep(_STARTED_SECONDS)
    before: watching.Picture = await cluster.ask(watching.look)
    if tasks is not None:
        await tasks.begin()
    what, node = await fault.strike(cluster, before)
    at = time.monotonic()
    if tasks is not None:
        await tasks.count_half_done()
    out.print(f"{at - work.began:5.0f} s  killed: {what}")
    recovery = await watching.recovery(cluster, http, before, node.plan.namespace.address, _PATIENCE_SECONDS)
    out.print(f"{time.monotonic() - work.began:5.0f} s  {_steps(recovery)}")
    return Blow(fault.name, what, at, recovery, tasks)


def _steps(recovery: watching.Recovery) -> str:
    return (
        f"noticed after {recovery.noticed:.1f} s, everything twice again after {recovery.redundant:.1f} s, "
        f"all nodes back after {recovery.whole:.1f} s"
    )


def report(
    work: loading.Load, blows: list[Blow], verdict: judging.Verdict, seconds: float, troubles: Sequence[str] = ()
) -> bool:
    """Print the figures; whether every promise was kept."""
    ledger = work.ledger
    out.print(f"\n{len(ledger.answers)} requests, {ledger.right} answered rightly at once: {ledger.availability:.4%}")
    out.print(f"latency of right answers: median {ledger.percentile(0.5) * 1000:.1f} ms, "
              f"99 % within {ledger.percentile(0.99) * 1000:.0f} ms")  # fmt: skip
    for trouble, count in ledger.troubles().most_common():
        out.print(f"  {count:5d}  {trouble}")
    ends = [blow.at for blow in blows[1:]] + [work.began + seconds]
    for blow, end in zip(blows, ends, strict=False):  # without blows there is an end all the same
        count, last, slowest = ledger.disturbance(blow.at, end)
        out.print(f"{blow.name}: {_steps(blow.recovery)}; {count} wrong answers, the last sent {last:.1f} s after it, "
                  f"the slowest right one took {slowest:.1f} s")  # fmt: skip
    out.print(f"acknowledged: {len(ledger.enrolled)} enrolments, {len(ledger.completed)} completed units; "
              f"missing {len(verdict.missing)}, twice {verdict.twice}, never acknowledged "
              f"{len(ledger.lost)}")  # fmt: skip
    out.print(f"analytics after {verdict.caught_up_seconds:.0f} s: enrolments {verdict.enrolments[1]} of "
              f"{verdict.enrolments[0]} rows, completed units {verdict.completed_units[1]} of "
              f"{verdict.completed_units[0]} rows")  # fmt: skip
    errands = [blow.errands for blow in blows if blow.errands is not None]
    for tasks in errands:
        out.print(f"agents: {working.TASKS} tasks of {working.RECIPIENTS} messages, {tasks.half_done} of them half "
                  f"done when the node died; {len(troubles)} troubles afterwards")  # fmt: skip
    for trouble in troubles[:10]:
        out.print(f"  {trouble}")
    promises = {
        f"{AVAILABILITY:.1%} answered rightly": ledger.availability >= AVAILABILITY,
        f"everything twice again within {RECOVERY_SECONDS:.0f} s of each": all(
            blow.recovery.redundant < RECOVERY_SECONDS for blow in blows
        ),
        "ledger complete, figures equal": verdict.good and not ledger.lost,
    }
    if errands:
        some = any(tasks.half_done for tasks in errands)
        promises["tasks were interrupted, succeeded all the same, each effect once"] = some and not troubles
    for promise, kept in promises.items():
        out.print(f"[{'green' if kept else 'red'}]{'kept' if kept else 'BROKEN'}[/]  {promise}")
    return all(promises.values())


if __name__ == "__main__":
    app()
