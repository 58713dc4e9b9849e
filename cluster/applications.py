"""Serve applications: how each is, and waiting until all of them answer."""

from __future__ import annotations

import json
import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import cast

from cluster.errors import DeploymentFailed, GivenUp

_EXCEPTION = re.compile(r"^[\w.]+(?:Error|Exception|Failed)\b", re.MULTILINE)


@dataclass(frozen=True)
class ApplicationState:
    """How one Serve application is: Ray's `ApplicationStatus` as text, with its message."""

    name: str
    status: str
    message: str = ""

    @property
    def ready(self) -> bool:
        return self.status == "RUNNING"

    @property
    def refused(self) -> bool:
        return self.status == "DEPLOY_FAILED"

    @property
    def failed(self) -> bool:
        return self.refused or self.status == "UNHEALTHY"

    @property
    def reason(self) -> str:
        """The message without the traceback that Serve puts before it."""
        errors = list(_EXCEPTION.finditer(self.message))
        return self.message[errors[-1].start() :].strip() if errors else self.message


StatusHook = Callable[[ApplicationState], None]


@dataclass(frozen=True)
class Waiting:
    """How long, by the clock of `time.monotonic`, and for whom."""

    deadline: float
    given_up: Callable[[], bool] = lambda: False
    poll_seconds: float = 0.2

    def go_on(self, late: str) -> None:
        """Sleep a little. Raises `GivenUp`, and `DeploymentFailed` with what is `late` at the deadline."""
        if self.given_up():
            raise GivenUp("Stopped before everything was up")
        if time.monotonic() > self.deadline:
            raise DeploymentFailed(late)
        time.sleep(self.poll_seconds)


def until_running(
    expected: Iterable[str],
    statuses: Callable[[], Iterable[ApplicationState]],
    waiting: Waiting,
    on_status: StatusHook,
    *,
    recovering: bool = False,
) -> list[ApplicationState]:
    """Wait for all that are expected; `on_status` hears of each change. `recovering`: what is unhealthy may get well
    again. Raises `DeploymentFailed`, `GivenUp`."""
    seen: dict[str, ApplicationState] = {}
    names = set(expected)
    while True:
        for state in statuses():
            if seen.get(state.name) != state:
                seen[state.name] = state
                on_status(state)
        states = [seen[name] for name in sorted(names & seen.keys())]
        if failed := [state for state in states if state.refused or (state.failed and not recovering)]:
            raise DeploymentFailed("; ".join(f"{state.name}: {state.reason}" for state in failed), states=failed)
        if len(states) == len(names) and all(state.ready for state in states):
            return states
        late = sorted(names - {state.name for state in states if state.ready})
        waiting.go_on(f"Not ready in time: {', '.join(late)}")


def until_routed(prefixes: Iterable[str], base_url: str, waiting: Waiting) -> None:
    """Wait until the proxy at `base_url` has every route. Raises `DeploymentFailed`, `GivenUp`."""
    wanted = set(prefixes)
    while missing := wanted - routes(base_url):
        waiting.go_on(f"HAProxy has no route to {', '.join(sorted(missing))}")


def routes(base_url: str) -> set[str]:
    """The route prefixes that the proxy at `base_url` serves; none where nothing answers there."""
    try:
        with urllib.request.urlopen(f"{base_url}/-/routes", timeout=2) as response:  # noqa: S310
            return set(cast(dict[str, str], json.load(response)))
    except (urllib.error.URLError, OSError, ValueError):
        return set()
