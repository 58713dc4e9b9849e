"""A place for homes that other accounts can enter, for as root PostgreSQL runs under one of them."""

import asyncio
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cluster.embedded import EmbeddedServers, Event, Home


@contextmanager
def open_directory() -> Iterator[Path]:
    directory = Path(tempfile.mkdtemp(prefix="azora-test-"))
    directory.chmod(0o711)
    try:
        yield directory
    finally:
        shutil.rmtree(directory)


@pytest.fixture
def place() -> Iterator[Path]:
    with open_directory() as directory:
        yield directory


@pytest.fixture(scope="session")
def used_home() -> Iterator[Path]:
    """A home whose database cluster is made already: making one costs a second, copying it little."""

    async def use(home: Home, system: Path) -> None:
        async with EmbeddedServers(home, system_directory=system):
            pass

    with open_directory() as directory:
        asyncio.run(use(Home(directory / "home"), directory / "system"))
        yield directory / "home"


@pytest.fixture
def home(place: Path, used_home: Path) -> Home:
    """A home that has been used before and is at rest."""
    subprocess.run(["cp", "-a", str(used_home), str(place / "home")], check=True, timeout=60)
    return Home(place / "home")


@pytest.fixture
def fresh_home(place: Path) -> Home:
    """A home that nothing was started in."""
    return Home(place / "fresh")


@pytest.fixture
def events() -> list[Event]:
    return []


@pytest.fixture
def servers(place: Path, events: list[Event], request: pytest.FixtureRequest) -> Callable[..., EmbeddedServers]:
    """Makes EmbeddedServers that touch nothing outside `place` and tell `events`; by default in `home`."""

    def make(**options: object) -> EmbeddedServers:
        settings = {"on_event": events.append, "system_directory": place / "system"} | options
        home = settings.pop("home", None) or request.getfixturevalue("home")
        return EmbeddedServers(home, **settings)  # type: ignore[arg-type]

    return make
