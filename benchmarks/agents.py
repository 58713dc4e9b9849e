"""How fast tasks are orchestrated.

    python -m benchmarks.agents [--seconds 20] [--rate 30]

Tasks of five steps, each a call of a service, against a platform that runs or one of its own: first one at a time,
then at a steady rate. `whole` is from the request to the end of the task, `orchestration` is that without the time in
which tools waited for services: what planning, judging, writing down and claiming take. No model is asked.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import quantiles
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.client import Client, Identity
from benchmarks.target import Target, target
from stores.ids import new_id

_PASSWORD = "a benchmark's own password"
_STEPS = 5
_LEARNERS = 8
console = Console(width=120)


@dataclass(frozen=True, slots=True)
class Timing:
    """Of one task, in milliseconds."""

    whole: float
    orchestration: float


async def _world(client: Client, place: Target) -> tuple[list[str], list[Identity]]:
    courses = []
    for number in range(_STEPS):
        course = {
            "title": f"Course {number}",
            "modules": [{"title": "One", "units": [{"kind": "text", "title": "Text", "body": "A paragraph."}]}],
        }
        _, made = await client.call("POST", "/api/courses", who=place.instructor, json=course)
        await client.call("POST", f"/api/courses/{made['id']}/publish", who=place.instructor)
        courses.append(made["id"])
    learners = [Identity(place.organisation, f"{new_id()}@bench.example", _PASSWORD) for _ in range(_LEARNERS)]
    for learner in learners:
        person = {
            "organisation": place.organisation, "email": learner.email, "password": _PASSWORD, "first_name": "Bench",
            "last_name": "Learner",
        }  # fmt: skip
        await client.call("POST", "/api/users/register", json=person)
        for course in courses:
            await client.call("POST", "/api/enrollments", who=learner, json={"course_id": course})
    return courses, learners


async def _ask(client: Client, who: Identity, courses: Sequence[str]) -> str:
    body = {"kind": "own_standing", "input": {"courses": list(courses)}}
    _, made = await client.call("POST", "/api/agents/tasks", who=who, json=body)
    task_id: str = made["id"]
    return task_id


async def _ended(client: Client, who: Identity, task_id: str, pause_seconds: float) -> dict[str, Any]:
    while True:
        _, task = await client.call("GET", f"/api/agents/tasks/{task_id}", who=who)
        if task["ended_at"] is not None:
            if task["status"] != "succeeded":
                raise RuntimeError(f"a task did not succeed: {task['error']}")
            found: dict[str, Any] = task
            return found
        await asyncio.sleep(pause_seconds)


def _timing(task: dict[str, Any]) -> Timing:
    whole = _milliseconds(task["created_at"], task["ended_at"])
    tools = sum(step["took_ms"] for step in task["steps"])
    return Timing(whole, whole - tools)


def _milliseconds(start: str, end: str) -> float:
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds() * 1000


async def _one_at_a_time(client: Client, courses: Sequence[str], who: Identity, count: int) -> list[Timing]:
    found = []
    for _ in range(count):
        task_id = await _ask(client, who, courses)
        found.append(_timing(await _ended(client, who, task_id, 0.02)))
    return found


async def _steadily(
    client: Client, courses: Sequence[str], learners: Sequence[Identity], rate: float, seconds: float
) -> tuple[list[Timing], float]:
    began = time.perf_counter()
    asked: list[asyncio.Task[str]] = []
    count = int(rate * seconds)
    for number in range(count):
        await asyncio.sleep(max(0.0, began + number / rate - time.perf_counter()))
        asked.append(asyncio.create_task(_ask(client, learners[number % len(learners)], courses)))
    ids = await asyncio.gather(*asked)
    tasks = [await _ended(client, learners[n % len(learners)], task_id, 0.2) for n, task_id in enumerate(ids)]
    last = max(datetime.fromisoformat(task["ended_at"]) for task in tasks)
    first = min(datetime.fromisoformat(task["created_at"]) for task in tasks)
    return [_timing(task) for task in tasks], count / (last - first).total_seconds()


def _row(values: Sequence[float]) -> list[str]:
    cuts = quantiles(values, n=100)
    return [f"{cuts[49]:.0f}", f"{cuts[94]:.0f}", f"{cuts[98]:.0f}"]


async def main(seconds: float, rate: float) -> None:
    """Measure, and print."""
    async with target(None, "bench-agents") as place, Client(place.base_url, 64) as client:
        courses, learners = await _world(client, place)
        await _one_at_a_time(client, courses, learners[0], 10)  # the agent is made, and warm
        alone = await _one_at_a_time(client, courses, learners[0], 60)
        steady, reached = await _steadily(client, courses, learners, rate, seconds)
    table = Table("five steps, milliseconds", "p50", "p95", "p99")
    for name, timings in (("one at a time", alone), (f"{rate:g} tasks/s", steady)):
        table.add_row(f"{name}: whole", *_row([one.whole for one in timings]))
        table.add_row(f"{name}: orchestration", *_row([one.orchestration for one in timings]))
    console.print(table)
    console.print(f"asked at {rate:g} tasks/s, carried out at {reached:.1f} tasks/s, {len(steady)} tasks")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="How fast tasks are orchestrated")
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--rate", type=float, default=30)
    arguments = parser.parse_args()
    asyncio.run(main(arguments.seconds, arguments.rate))
