"""Load up, nodes and replicas appear; load down, they drain and go; no request fails meanwhile."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from benchmarks.cluster.watching import Picture, look
from benchmarks.cluster.world import World
from cluster.serve_configuration import ServeConfiguration
from cluster.several.local_cluster import LocalCluster
from configs.errors import AzoraError

WORKER_CPUS = 4
_SAMPLE_SECONDS = 2.0


def topology() -> ServeConfiguration:
    """Every service in one application that scales by what is in progress; two replicas fill a node."""
    deployment = {
        "name": "services",
        "max_ongoing_requests": 64,
        "max_queued_requests": 512,
        "autoscaling_config": {
            "min_replicas": 1, "max_replicas": 6, "target_ongoing_requests": 4,
            "upscale_delay_s": 2, "downscale_delay_s": 10, "metrics_interval_s": 1, "look_back_period_s": 4,
        },
        "health_check_period_s": 2,
        "graceful_shutdown_timeout_s": 20,
        "graceful_shutdown_wait_loop_s": 1,
        "ray_actor_options": {"num_cpus": WORKER_CPUS / 2, "resources": {"azora_services": 0.001}},
    }  # fmt: skip
    application = {
        "name": "azora", "route_prefix": "/", "import_path": "serve_app:application",
        "args": {"services": ["users", "sessions", "courses", "enrollments", "analytics", "web"]},
        "deployments": [deployment],
    }  # fmt: skip
    document: dict[str, Any] = {
        "proxy_location": "HeadOnly",
        "http_options": {"host": "0.0.0.0", "port": 8000, "request_timeout_s": 60},  # noqa: S104 - of a namespace
        "logging_config": {"encoding": "JSON", "log_level": "WARNING", "enable_access_log": False},
        "applications": [application],
    }
    return ServeConfiguration(Path("autoscaling"), document)


@dataclass
class Course:
    """What happened: requests, what of them failed, and how many nodes and replicas there were when."""

    requests: int = 0
    failed: list[str] = field(default_factory=list)
    samples: list[tuple[float, int, int]] = field(default_factory=list)

    def most(self) -> tuple[int, int]:
        """The most nodes and the most replicas."""
        return max(sample[1] for sample in self.samples), max(sample[2] for sample in self.samples)


async def run(
    cluster: LocalCluster, world: World, http: aiohttp.ClientSession, busy: int, up_seconds: float, down_seconds: float
) -> Course:
    """A calm beginning, many clients at once, and calm again until what was added is gone."""
    course = Course()
    began = time.monotonic()
    stop = asyncio.Event()
    sampling = asyncio.create_task(_sample(cluster, course, began, stop))
    await _clients(world, http, course, 1, _for(15))
    await _clients(world, http, course, busy, _for(up_seconds))
    await _clients(world, http, course, 1, _calm(course, down_seconds))
    stop.set()
    await sampling
    return course


def _for(seconds: float) -> Callable[[], Awaitable[None]]:
    async def wait() -> None:
        await asyncio.sleep(seconds)

    return wait


def _calm(course: Course, patience: float) -> Callable[[], Awaitable[None]]:
    async def wait() -> None:
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline and course.samples[-1][1:] > (1, 1):  # noqa: ASYNC110 - others fill the list
            await asyncio.sleep(_SAMPLE_SECONDS)
        await asyncio.sleep(5)

    return wait


async def _clients(
    world: World, http: aiohttp.ClientSession, course: Course, count: int, until: Callable[[], Awaitable[None]]
) -> None:
    stop = asyncio.Event()
    tasks = [asyncio.create_task(_client(world, http, course, number, stop)) for number in range(count)]
    await until()
    stop.set()
    await asyncio.gather(*tasks)


async def _client(world: World, http: aiohttp.ClientSession, course: Course, number: int, stop: asyncio.Event) -> None:
    learner = world.learners[number % len(world.learners)]
    headers = {"authorization": f"Bearer {learner.token}"}
    while not stop.is_set():
        course.requests += 1
        try:
            async with http.get("/api/enrollments", headers=headers) as answer:
                await answer.read()
                if answer.status != 200:
                    course.failed.append(str(answer.status))
        except (aiohttp.ClientError, TimeoutError) as error:
            course.failed.append(type(error).__name__)
        await asyncio.sleep(0.01)


async def _sample(cluster: LocalCluster, course: Course, began: float, stop: asyncio.Event) -> None:
    while not stop.is_set():
        with suppress(AzoraError, KeyError):
            picture: Picture = await cluster.ask(look)
            workers = sum(not node.head for node in picture.alive.values())
            running = sum(picture.healthy_replicas().values())
            sample = (time.monotonic() - began, workers, running)
            if not course.samples or course.samples[-1][1:] != sample[1:]:
                print(f"{sample[0]:5.0f} s  {workers} nodes, {running} replicas", flush=True)
            course.samples.append(sample)
        await asyncio.sleep(_SAMPLE_SECONDS)
