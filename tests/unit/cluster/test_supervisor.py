"""The supervisor over programs of a few lines in place of servers."""

import asyncio
import os
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import pytest

from cluster.embedded.backoff import Backoff
from cluster.embedded.errors import DiskFullError, StartFailedError, StartTimeoutError
from cluster.embedded.events import Event, EventKind
from cluster.embedded.home import Home
from cluster.embedded.keeper import Keeper
from cluster.embedded.server import EmbeddedServer, Report
from cluster.embedded.supervisor import Supervisor
from tests.patience import PATIENCE_SECONDS


class Sleeper(EmbeddedServer):
    """A server that does nothing but live."""

    name: ClassVar[str] = "sleeper"
    program: ClassVar[str] = "sleep"
    stop_signal: ClassVar[signal.Signals] = signal.SIGTERM
    death_signal: ClassVar[signal.Signals] = signal.SIGKILL
    start_timeout_seconds: float = 5.0
    run: Sequence[str] = ("/bin/sleep", "60")
    ready = True
    obstacles: list[Exception]

    def __init__(self, home: Home) -> None:
        super().__init__(home)
        self.obstacles = []

    @property
    def url(self) -> str:
        return "sleeper://"

    @property
    def directory(self) -> Path:
        return Path("/")

    async def prepare(self, report: Report) -> None:
        if self.obstacles:
            raise self.obstacles.pop()

    def command(self) -> Sequence[str]:
        return self.run

    async def is_ready(self) -> bool:
        return self.ready


class Second(Sleeper):
    name: ClassVar[str] = "second"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path).create()


@pytest.fixture
def events() -> list[Event]:
    return []


def told(events: list[Event]) -> list[tuple[str, str]]:
    return [(event.service, event.kind) for event in events]


async def until_told(events: list[Event], kind: EventKind, times: int) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while [event.kind for event in events].count(kind) < times:  # noqa: ASYNC110
            await asyncio.sleep(0.005)


async def test_started_in_order_and_stopped_in_reverse(home: Home, events: list[Event]) -> None:
    servers = [Sleeper(home), Second(home)]
    supervisor = Supervisor(servers, on_event=events.append)
    await supervisor.start()
    assert [int((home.run / f"{server.name}.pid").read_text()) for server in servers] == supervisor.pids
    assert all(server.family().alive() for server in servers)
    await supervisor.stop()
    assert supervisor.pids == [None, None]
    assert not any(server.family().alive() for server in servers)
    assert told(events) == [
        ("sleeper", "starting"),
        ("sleeper", "ready"),
        ("second", "starting"),
        ("second", "ready"),
        ("second", "stopping"),
        ("second", "stopped"),
        ("sleeper", "stopping"),
        ("sleeper", "stopped"),
    ]


async def test_when_one_does_not_start_the_others_are_stopped(home: Home, events: list[Event]) -> None:
    first, second = Sleeper(home), Second(home)
    second.run = ("/bin/sh", "-c", "echo 'no luck today'; exit 3")
    second.ready = False
    with pytest.raises(StartFailedError, match=r"second ended with code 3(.|\n)*no luck today"):
        await Supervisor([first, second], on_event=events.append).start()
    assert not first.family().alive()


async def test_a_server_that_does_not_become_ready_is_killed(home: Home) -> None:
    server = Sleeper(home)
    server.ready, server.start_timeout_seconds = False, 0.2
    with pytest.raises(StartTimeoutError, match="not ready within"):
        await Supervisor([server]).start()
    assert not server.family().alive()


async def test_a_restart_that_fails_is_tried_again(home: Home, events: list[Event]) -> None:
    server = Sleeper(home)
    keeper = Keeper(server, on_event=events.append, backoff=Backoff(first_seconds=0.01))
    await keeper.start()
    server.obstacles = [OSError("fork failed"), DiskFullError("The disk is full.", remedy="Free some space.")]
    watch = asyncio.create_task(keeper.keep())
    assert keeper.pid is not None
    os.kill(keeper.pid, signal.SIGKILL)
    await until_told(events, EventKind.READY, 2)
    watch.cancel()
    await keeper.stop()
    failures = [event.message for event in events if event.kind is EventKind.RESTART_FAILED]
    assert failures == ["The disk is full. Free some space.", "fork failed"]
    assert [event.seconds for event in events if event.kind is EventKind.RESTARTING] == [0.0, 0.01, 0.02]


async def test_a_stop_while_a_restart_waits(home: Home, events: list[Event]) -> None:
    server = Sleeper(home)
    supervisor = Supervisor([server], on_event=events.append)
    await supervisor.start()
    server.obstacles = [DiskFullError("Full.", remedy="Free some.") for _ in range(9)]
    assert supervisor.pids[0] is not None
    os.kill(supervisor.pids[0], signal.SIGKILL)
    await until_told(events, EventKind.RESTART_FAILED, 1)
    await asyncio.wait_for(supervisor.stop(), 10)
    assert not server.family().alive()


async def test_a_hook_that_fails_ends_nothing(home: Home, caplog: pytest.LogCaptureFixture) -> None:
    def broken(event: Event) -> None:
        raise BrokenPipeError

    supervisor = Supervisor([Sleeper(home)], on_event=broken)
    await supervisor.start()
    await supervisor.stop()
    assert "the event hook failed" in caplog.text


async def test_what_nobody_foresaw_reaches_whoever_waits(home: Home) -> None:
    server = Sleeper(home)
    supervisor = Supervisor([server])
    await supervisor.start()
    server.obstacles = [ZeroDivisionError("surprise")]
    assert supervisor.pids[0] is not None
    os.kill(supervisor.pids[0], signal.SIGKILL)
    with pytest.raises(ZeroDivisionError, match="surprise"):
        await asyncio.wait_for(supervisor.wait_until(asyncio.Event()), PATIENCE_SECONDS)
    await supervisor.stop()
