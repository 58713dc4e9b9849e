"""Who answers scrapes, and what is passed on from other exporters."""

from __future__ import annotations

import socket
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from stores.metrics.exporter import Exporter
from stores.metrics.neighbours import Neighbour, families
from tests.patience import PATIENCE_SECONDS
from tests.unit.metrics.support import kill, start

RAY = """\
# HELP ray_tasks Tasks
# TYPE ray_tasks gauge
ray_tasks{State="RUNNING"} 3.0
# HELP python_gc_total Garbage
# TYPE python_gc_total counter
python_gc_total 9.0
# TYPE ray_node gauge
ray_node 1.0
# HELP ray_tasks Tasks
# TYPE ray_tasks gauge
ray_tasks{State="RUNNING"} 4.0
# EOF
"""


def get(port: int, path: str = "/metrics") -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=PATIENCE_SECONDS) as response:
        assert response.headers["content-type"].startswith("text/plain; version=0.0.4")
        return response.read().decode()


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def exporters(port: int, tmp_path: Path) -> Iterator[tuple[Exporter, Exporter]]:
    pair = tuple(Exporter("127.0.0.1", port, tmp_path, retry_seconds=0.05) for _ in range(2))
    for exporter in pair:
        exporter.start()
    yield pair
    for exporter in pair:
        exporter.stop()


def test_one_answers_and_another_takes_over(port: int, exporters: tuple[Exporter, Exporter]) -> None:
    first, second = exporters
    assert (first.serving, second.serving) == (True, False)
    assert "azora_metrics_unreadable_files 0.0" in get(port)
    first.stop()
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not second.serving:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert "azora_metrics_unreadable_files 0.0" in get(port)


def test_when_the_one_that_answers_is_killed_another_takes_over(port: int, tmp_path: Path) -> None:
    program = f"""
        from pathlib import Path
        from stores.metrics import security
        from stores.metrics.exporter import Exporter
        security.sign_in("succeeded")
        Exporter("127.0.0.1", {port}, Path({str(tmp_path)!r}), retry_seconds=1).start()
    """
    process = start(tmp_path, program)
    successor = Exporter("127.0.0.1", port, tmp_path, retry_seconds=0.05)
    successor.start()
    try:
        assert not successor.serving
        assert 'azora_sign_ins_total{outcome="succeeded"} 1.0' in get(port)
        kill(process)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not successor.serving:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        assert 'azora_sign_ins_total{outcome="succeeded"} 1.0' in get(port)
    finally:
        kill(process)
        successor.stop()


def test_only_metrics_are_there(port: int, exporters: tuple[Exporter, Exporter]) -> None:
    with pytest.raises(urllib.error.HTTPError) as refusal:
        get(port, "/")
    assert refusal.value.code == 404
    refusal.value.close()


def test_a_client_that_goes_away_harms_nobody(port: int, exporters: tuple[Exporter, Exporter]) -> None:
    for _ in range(3):
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(b"GET /metrics HTTP/1.1\r\n")
    assert get(port)


def test_of_another_exporter_only_its_own_families_are_taken_once() -> None:
    assert families(RAY, "ray_").splitlines() == [
        "# HELP ray_tasks Tasks",
        "# TYPE ray_tasks gauge",
        'ray_tasks{State="RUNNING"} 3.0',
        "# TYPE ray_node gauge",
        "ray_node 1.0",
    ]
    assert families("", "ray_") == ""


def test_a_neighbour_that_is_unknown_or_silent_is_left_out(port: int, tmp_path: Path) -> None:
    asked = []

    def find() -> str | None:
        asked.append(1)
        return None if len(asked) == 1 else f"http://127.0.0.1:{port}/metrics"

    neighbour = Neighbour("azora_", find)
    assert neighbour.text() == ""
    assert neighbour.text() == ""
    answering = Exporter("127.0.0.1", port, tmp_path, retry_seconds=1)
    answering.start()
    try:
        assert neighbour.text().startswith("# HELP azora_")
        assert neighbour.text()
    finally:
        answering.stop()
    assert len(asked) == 3
    assert neighbour.text() == ""
