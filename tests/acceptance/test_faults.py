"""Parts of the platform are killed with -9 under load: it recovers by itself, loses nothing it acknowledged, and says
503 with Retry-After where it cannot answer; never something wrong."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import psutil
import pytest

from stores.ids import new_id
from tests.acceptance.conftest import RunningPlatform, on

PASSWORD = "a load that never stops"
RECOVERY_SECONDS = 90.0
_CALM_SECONDS = 2.0


@dataclass
class Ledger:
    """What the platform acknowledged, and what it answered that it must never answer."""

    acknowledged: set[str] = field(default_factory=set)
    wrong: list[str] = field(default_factory=list)
    unavailable: int = 0
    cut: int = 0
    last_trouble: float = 0.0

    def trouble(self) -> None:
        self.last_trouble = time.monotonic()

    def check(self, answer: httpx.Response) -> bool:
        """Whether the answer is final; 503 with Retry-After is trouble, anything else unexpected is wrong."""
        if answer.status_code == 503:
            self.unavailable += 1
            self.trouble()
            if not answer.headers.get("retry-after", "").isdigit():
                self.wrong.append(f"503 without Retry-After: {answer.request.url}")
            return False
        if answer.status_code not in (200, 201):
            self.wrong.append(f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text}")
        return True


async def _send(ledger: Ledger, send: Callable[[], Any]) -> httpx.Response | None:
    """Repeat until there is an answer; None where it was not the platform's last word yet."""
    try:
        answer: httpx.Response = await send()
    except httpx.TransportError:  # the connection died with the process that held it
        ledger.cut += 1
        ledger.trouble()
        await asyncio.sleep(0.1)
        return None
    if not ledger.check(answer):
        await asyncio.sleep(0.1)
        return None
    return answer


async def _write(http: httpx.AsyncClient, ledger: Ledger, stop: asyncio.Event) -> None:
    while not stop.is_set():
        email = f"{new_id().hex}@load.example"
        body = {
            "organisation": "demo", "email": email, "password": PASSWORD, "first_name": "Load", "last_name": "Test",
        }  # fmt: skip
        while True:
            answer = await _send(
                ledger,
                lambda body=body, email=email: http.post(
                    "/api/users/register", json=body, headers={"idempotency-key": email}
                ),
            )
            if answer is not None:
                if answer.status_code == 201 and answer.json()["email"] != email:
                    ledger.wrong.append(f"an answer for somebody else: {answer.text}")
                ledger.acknowledged.add(email)
                break


async def _read(http: httpx.AsyncClient, ledger: Ledger, stop: asyncio.Event, course: dict[str, Any]) -> None:
    while not stop.is_set():
        answer = await _send(ledger, lambda: http.get(f"/api/courses/{course['id']}"))
        if answer is not None and answer.status_code == 200 and answer.json()["title"] != course["title"]:
            ledger.wrong.append(f"another course: {answer.text[:200]}")
        await asyncio.sleep(0.01)


async def _token(http: httpx.AsyncClient, email: str, password: str) -> dict[str, Any]:
    credentials = {"organisation": "demo", "email": email, "password": password}
    answer = await http.post("/api/sessions", json=credentials)
    assert answer.status_code == 201, answer.text
    tokens: dict[str, Any] = answer.json()
    return tokens


@asynccontextmanager
async def _load(platform: RunningPlatform) -> AsyncIterator[tuple[Ledger, httpx.AsyncClient]]:
    """Writers and readers at work; afterwards everything acknowledged must be there."""
    ledger, stop = Ledger(), asyncio.Event()
    async with httpx.AsyncClient(base_url=platform.base_url, timeout=30, trust_env=False) as http:
        tokens = await _token(http, "admin@demo.example", platform.demo_password)
        http.headers["authorization"] = f"Bearer {tokens['access_token']}"
        course = (await http.get("/api/courses")).json()["items"][0]
        tasks = [asyncio.create_task(_write(http, ledger, stop)) for _ in range(3)]
        tasks += [asyncio.create_task(_read(http, ledger, stop, course)) for _ in range(3)]
        try:
            await asyncio.sleep(1)
            yield ledger, http
        finally:
            stop.set()
            await asyncio.gather(*tasks)
        assert ledger.wrong == []
        assert len(ledger.acknowledged) > 10
        assert await _everybody(http) >= ledger.acknowledged


async def _everybody(http: httpx.AsyncClient) -> set[str]:
    found: set[str] = set()
    cursor: str | None = None
    while True:
        page = (await http.get("/api/users", params={"limit": 200, **({"cursor": cursor} if cursor else {})})).json()
        found |= {person["email"] for person in page["items"]}
        if (cursor := page["next_cursor"]) is None:
            return found


async def _recovered(ledger: Ledger) -> float:
    """Wait until nothing has gone wrong for a while; seconds from now to the last trouble."""
    killed_at = time.monotonic()
    await asyncio.sleep(_CALM_SECONDS)
    while time.monotonic() - ledger.last_trouble < _CALM_SECONDS:
        assert time.monotonic() - killed_at < RECOVERY_SECONDS, "no recovery"
        await asyncio.sleep(0.1)
    return max(0.0, ledger.last_trouble - killed_at)


def _pids(platform: RunningPlatform, name: str) -> list[int]:
    found = []
    for process in psutil.Process(platform.running.pid).children(recursive=True):
        try:
            title = process.cmdline()[0] if process.cmdline() else process.name()
        except psutil.NoSuchProcess:
            continue
        if title.startswith(name) or (process.name() == name and process.ppid() == platform.running.pid):
            found.append(process.pid)
    return found


# A replica of the local topology answers for every service. The others are the same processes on both.
VICTIMS = [("local", "ray::ServeReplica"), *(("production", name) for name in (
    "ray::ServeReplica", "ray::SessionCache", "valkey-server", "postgres"))]  # fmt: skip


@pytest.mark.parametrize(("running_platform", "victim"), VICTIMS, indirect=["running_platform"], scope="session")
async def test_killed_under_load(running_platform: RunningPlatform, victim: str) -> None:
    async with _load(running_platform) as (ledger, _):
        pids = _pids(running_platform, victim)
        assert pids, f"nothing called {victim} runs"
        os.kill(pids[0], signal.SIGKILL)
        seconds = await _recovered(ledger)
        print(f"{victim}: recovered in {seconds:.2f} s, {ledger.unavailable} x 503, {ledger.cut} connections cut")
        deadline = time.monotonic() + RECOVERY_SECONDS
        while not _pids(running_platform, victim):
            assert time.monotonic() < deadline, f"{victim} did not come back"
            await asyncio.sleep(0.2)


@on("production")  # where the news has more replicas of more applications to reach
@pytest.mark.parametrize("victim", [None, "ray::SessionCache", "valkey-server"])
async def test_a_revoked_session_is_dead_within_a_second(running_platform: RunningPlatform, victim: str | None) -> None:
    """Also while the actor or the store that spreads the news is away."""
    async with httpx.AsyncClient(base_url=running_platform.base_url, timeout=30, trust_env=False) as http:
        tokens = await _token(http, "student2@demo.example", running_platform.demo_password)
        headers = {"authorization": f"Bearer {tokens['access_token']}"}
        assert (await http.get("/api/users/me", headers=headers)).status_code == 200
        if victim == "ray::SessionCache":
            os.kill(_pids(running_platform, victim)[0], signal.SIGKILL)
        ended = await http.delete("/api/sessions/current", headers=headers)
        assert ended.status_code == 204
        revoked_at = time.monotonic()
        if victim == "valkey-server":
            os.kill(_pids(running_platform, victim)[0], signal.SIGKILL)
        while time.monotonic() - revoked_at < 4:
            asked_at = time.monotonic()
            answer = await http.get("/api/users/me", headers=headers)
            assert answer.status_code in (200, 401, 503)
            if asked_at - revoked_at > 1:
                assert answer.status_code != 200
            await asyncio.sleep(0.01)
        assert answer.status_code == 401
