"""The platform that a benchmark works on: the one that runs, or one of its own that ends with it."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks.client import Identity
from cluster.embedded import Home
from cluster.installation import complete, read_running
from configs.settings import Settings
from deployments.kit.passwords import Passwords
from deployments.users.administration import create_organisation, create_user
from deployments.users.errors import EmailTaken, SlugTaken
from stores.postgres import Database
from stores.vaulted import load_settings

_START_SECONDS = 600
_PASSWORD = "a benchmark's own password"
_UNLIMITED = "100000000/60s"


@dataclass(frozen=True)
class Target:
    """A platform with an organisation to work in, open for registration, and its people. `lasting`: it goes on."""

    base_url: str
    settings: Settings
    pid: int
    organisation: str
    admin: Identity
    instructor: Identity
    lasting: bool


@asynccontextmanager
async def target(url: str | None, organisation: str, **extra: str) -> AsyncIterator[Target]:
    """The platform that runs in AZORA_HOME, else one of its own: cheap password hashes, no rate limits, no demo.

    `url` may name another address of the platform in AZORA_HOME; `extra` is more environment for one of its own.
    """
    home = Home(load_settings().home_path)
    if read_running(home) is not None:
        print(f"using the platform that runs in {home.root}")
        yield await _prepared(home, url, organisation, lasting=True)
        return
    async with own_target(organisation, url, **extra) as own:
        yield own


async def neighbour(place: Target, organisation: str) -> Target:
    """Another organisation on the same platform."""
    return await _prepared(Home(place.settings.home_path), place.base_url, organisation, lasting=place.lasting)


@asynccontextmanager
async def own_target(organisation: str, url: str | None = None, **extra: str) -> AsyncIterator[Target]:
    """A platform of its own, whatever else runs."""
    with tempfile.TemporaryDirectory(prefix="azora-bench-") as directory:
        Path(directory).chmod(0o711)  # run as root, PostgreSQL works as another account, which must be able to enter
        async with own_platform(Path(directory) / "home", **extra) as own:
            yield await _prepared(own, url, organisation, lasting=False)


@asynccontextmanager
async def own_platform(root: Path, **extra: str) -> AsyncIterator[Home]:
    """A platform in a fresh home, stopped at the end."""
    environment = {
        **os.environ, "AZORA_HOME": str(root), "AZORA_HTTP_PORT": str(free_port()), "AZORA_RAY_DASHBOARD_PORT": "0",
        "AZORA_DEMO": "false", "AZORA_BCRYPT_COST": "4", "AZORA_RATE_LIMIT": _UNLIMITED,
        "AZORA_RATE_LIMIT_ANONYMOUS": _UNLIMITED, "AZORA_RATE_LIMIT_CREDENTIALS": _UNLIMITED, **extra,
    }  # fmt: skip
    print("starting a platform of its own (bcrypt cost 4, no rate limits)")
    log = root.parent / "up.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "cluster", "up"], env=environment, stdout=output, stderr=output
        )
    try:
        await _started(process, log)
        yield Home(root)
    finally:
        process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            await asyncio.to_thread(process.wait, 60)
        process.kill()


async def _started(process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(_START_SECONDS * 5):
        if "Ctrl-C stops it" in log.read_text():
            return
        if process.poll() is not None:
            break
        await asyncio.sleep(0.2)
    raise RuntimeError(f"the platform did not start:\n{log.read_text()}")


async def _prepared(home: Home, url: str | None, organisation: str, *, lasting: bool) -> Target:
    running = read_running(home)
    assert running is not None
    settings = complete(Settings(home=home.root), running.database_url, running.valkey_url)
    database = Database.from_settings(settings)
    try:
        with suppress(SlugTaken):
            await create_organisation(database, slug=organisation, name=organisation, registration="open")
        people = {}
        for role in ("org_admin", "instructor"):
            people[role] = Identity(organisation, f"{role.replace('_', '-')}@bench.example", _PASSWORD)
            with suppress(EmailTaken):
                await create_user(
                    database, Passwords(4), organisation=organisation, email=people[role].email, first_name="Bench",
                    last_name=role, role=role, password=_PASSWORD,
                )  # fmt: skip
    finally:
        await database.close()
    return Target(
        base_url=url or running.base_url,
        settings=settings,
        pid=running.pid,
        organisation=organisation,
        admin=people["org_admin"],
        instructor=people["instructor"],
        lasting=lasting,
    )


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
