"""Figures of several processes, alive, dead and damaged, as one scrape sees them."""

from __future__ import annotations

import random
import struct
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from stores.metrics import files
from stores.metrics.node import UNREADABLE, Node
from stores.metrics.retirement import Retirement
from tests.unit.metrics.support import kill, start

SERVING = """
    from stores.metrics import http, processes
    processes.announce("services")
    traffic = http.Traffic("courses")
    for _ in range(3):
        traffic.began()
    traffic.ended("GET", "/api/courses/{course_id}", 200, 0.002)
    http.problem("not-found")
"""
REPORTING = """
    from stores.metrics import business
    business.report({"enrollments": %d, "revenue_cents": 1234, "active": 7})
"""
IN_FLIGHT = ("azora_http_requests_in_flight", (("service", "courses"),))
PROBLEMS = ("azora_http_problems_total", (("type", "not-found"),))
FAST = (
    "azora_http_request_duration_seconds_bucket",
    (
        ("le", "0.0025"), ("method", "GET"), ("route", "/api/courses/{course_id}"), ("service", "courses"),
        ("status", "2xx"),
    ),
)  # fmt: skip

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]
Starter = Callable[[str], subprocess.Popen[str]]


def scrape(directory: Path) -> Samples:
    """Every sample of a scrape; fails on text that Prometheus would refuse, and on families that come twice."""
    registry = CollectorRegistry()
    registry.register(Node(directory))
    families = list(text_string_to_metric_families(generate_latest(registry).decode()))
    assert len({family.name for family in families}) == len(families)
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Starter]:
    started: list[subprocess.Popen[str]] = []

    def begin(program: str) -> subprocess.Popen[str]:
        started.append(start(tmp_path, program))
        return started[-1]

    yield begin
    for process in started:
        kill(process)


def test_the_living_are_added_up_and_the_counters_of_the_killed_stay(tmp_path: Path, run: Starter) -> None:
    first, _second = run(SERVING), run(SERVING)
    found = scrape(tmp_path)
    assert found[IN_FLIGHT] == 4
    assert found[PROBLEMS] == found[FAST] == 2
    assert found["azora_processes", (("process", "services"),)] == 2
    assert found["azora_process_resident_memory_bytes", (("process", "services"),)] > 10 * 2**20

    kill(first)
    for _ in range(2):  # once while it is buried, once after
        found = scrape(tmp_path)
        assert found[IN_FLIGHT] == 2
        assert found[PROBLEMS] == found[FAST] == 2
        assert found["azora_processes", (("process", "services"),)] == 1
    assert not list(tmp_path.glob(f"*_{first.pid}.*"))


def test_many_that_come_and_go_leave_two_files(tmp_path: Path, run: Starter) -> None:
    for count in range(1, 4):
        kill(run(SERVING))
        assert scrape(tmp_path)[PROBLEMS] == count
    assert sorted(path.name for path in tmp_path.iterdir()) == ["counter_retired.3", "histogram_retired.3"]


def test_a_crash_while_retiring_counts_nothing_twice(tmp_path: Path, run: Starter) -> None:
    kill(run(SERVING))
    scrape(tmp_path)
    kill(run(SERVING))
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    dead = next(name for name in before if name.startswith("counter_") and name.endswith(".db"))
    scrape(tmp_path)
    retired = (tmp_path / "counter_retired.2").read_bytes()

    def counted_with(files_there: dict[str, bytes]) -> float:
        for path in tmp_path.glob("counter_*"):
            path.unlink()
        for name, content in files_there.items():
            (tmp_path / name).write_bytes(content)
        return scrape(tmp_path)[PROBLEMS]

    old = {"counter_retired.1": before["counter_retired.1"]}
    assert counted_with({**old, f"{dead}.into.2": before[dead]}) == 2
    assert counted_with({**old, f"{dead}.into.2": before[dead], "counter_retired.new": b"half"}) == 2
    assert counted_with({**old, f"{dead}.into.2": before[dead], "counter_retired.2": retired}) == 2


def test_a_total_is_the_latest_report_and_a_counter(tmp_path: Path, run: Starter) -> None:
    kill(run(REPORTING % 5))
    run(REPORTING % 6)
    found = scrape(tmp_path)
    assert found["azora_enrollments_total", ()] == 6
    assert found["azora_revenue_total", ()] == 12.34
    assert found["azora_enrollments_by_status", (("status", "active"),)] == 7
    registry = CollectorRegistry()
    registry.register(Node(tmp_path))
    assert b"# TYPE azora_enrollments_total counter" in generate_latest(registry)


def damages(content: bytes) -> Iterator[bytes]:
    yield b""
    yield content[:3]
    yield content[:100]
    yield struct.pack("i", 2**30) + content[4:]
    yield struct.pack("i", -5) + content[4:]
    yield content[:8] + struct.pack("i", -1000) + content[12:]
    yield content[:8] + struct.pack("i", 2**30) + content[12:]
    yield content[:12] + b"\xff" * 40 + content[52:]
    chance = random.Random(7)
    for _ in range(50):
        place = chance.randrange(len(content))
        yield content[:place] + chance.randbytes(8) + content[place + 8 :]


def test_damaged_files_are_left_out_and_counted(tmp_path: Path, run: Starter) -> None:
    kill(run(SERVING))
    file = next(tmp_path.glob("counter_*.db"))
    used = struct.unpack_from("i", file.read_bytes())[0]
    content = file.read_bytes()[:used]
    # One's own id: the damage is a living process's, so the file is read and not retired.
    broken = tmp_path / "counter_1.db"
    for damaged in damages(content):
        broken.write_bytes(damaged)
        found = scrape(tmp_path)
        assert found[PROBLEMS] >= 1
        assert found[UNREADABLE, ()] in (0, 1)
    broken.write_bytes(content[:100])
    found = scrape(tmp_path)
    assert (found[PROBLEMS], found[UNREADABLE, ()]) == (1, 1)


def test_damaged_files_of_the_dead_stay_and_are_counted(tmp_path: Path, run: Starter) -> None:
    kill(run(SERVING))
    file = next(tmp_path.glob("histogram_*.db"))
    file.write_bytes(file.read_bytes()[:200])
    for _ in range(2):
        found = scrape(tmp_path)
        assert (found[PROBLEMS], found[UNREADABLE, ()]) == (1, 1)


def test_nonsense_of_the_dead_is_not_retired_with_the_rest(tmp_path: Path, run: Starter) -> None:
    kill(run(SERVING))
    kill(run(SERVING))
    file = next(tmp_path.glob("counter_*.db"))
    file.write_bytes(file.read_bytes().replace(b'["azora', b'{"azora'))
    for _ in range(2):
        found = scrape(tmp_path)
        assert (found[PROBLEMS], found[UNREADABLE, ()]) == (1, 1)


def test_a_new_process_with_the_id_of_a_dead_one_inherits_counters_but_no_gauges(tmp_path: Path, run: Starter) -> None:
    process = run(SERVING)
    pid = process.pid
    kill(process)
    successor = start(tmp_path, f"import os\nos.getpid = lambda: {pid}\n" + SERVING.replace("\n    ", "\n"))
    try:
        gauges = tmp_path / f"gauge_livesum_{pid}.db"
        merged, _ = files.merged([gauges])
        in_flight = next(metric for metric in merged if metric.name == IN_FLIGHT[0])
        assert in_flight.samples[0].value == 2
        counters, _ = files.merged([tmp_path / f"counter_{pid}.db"])
        assert next(sample.value for metric in counters for sample in metric.samples if sample.name == PROBLEMS[0]) == 2
    finally:
        kill(successor)


def test_other_software_s_figures_are_not_shown(tmp_path: Path, run: Starter) -> None:
    run("from prometheus_client import Counter\nCounter('foreign', 'x').inc()")
    assert all(name.startswith("azora_") for name, _ in scrape(tmp_path))


def test_nothing_there_is_no_error(tmp_path: Path) -> None:
    assert scrape(tmp_path) == {(UNREADABLE, ()): 0}
    assert Retirement(tmp_path).counting() == []
