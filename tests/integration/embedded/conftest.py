"""Homes and servers that each test has for itself."""

from collections.abc import Callable
from pathlib import Path

import pytest

from cluster.embedded import EmbeddedServers, Event, Home


@pytest.fixture
def home(place: Path) -> Home:
    """A home that nothing was started in yet."""
    return Home(place / "home")


@pytest.fixture
def events() -> list[Event]:
    return []


@pytest.fixture
def servers(home: Home, place: Path, events: list[Event]) -> Callable[..., EmbeddedServers]:
    """Makes EmbeddedServers that touch nothing outside `place` and tell `events`; by default in `home`."""

    def make(**options: object) -> EmbeddedServers:
        settings = {"on_event": events.append, "system_directory": place / "system"} | options
        return EmbeddedServers(settings.pop("home", home), **settings)  # type: ignore[arg-type]

    return make
