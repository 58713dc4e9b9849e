"""An installation: settings completed with what this machine runs and keeps for it.

Where an address or a key is not configured, the home has it: embedded servers, generated keys. The completed settings
travel to Ray's workers as environment variables.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import orjson
from pydantic import SecretStr

from cluster.embedded import EmbeddedServers, EventHook, Home
from cluster.embedded.supervisor import ignore_event
from configs.settings import ENVIRONMENT_PREFIX, Settings
from stores.metrics.registry import DIRECTORY_VARIABLE
from stores.sealing import Keyring

_STATE_FILE = "azora.json"


@dataclass(frozen=True)
class Running:
    """What a running `azora up` says of itself in the home."""

    pid: int
    base_url: str
    database_url: str
    valkey_url: str
    ray_address: str | None = None
    metrics_url: str | None = None
    local_model: str | None = None
    authority: str | None = None  # the file with the certificate to trust, where `base_url` has one of its own


def home_of(settings: Settings) -> Home:
    """The home of an installation."""
    return Home(settings.home_path)


def complete(settings: Settings, database_url: str, valkey_url: str) -> Settings:
    """Fill in addresses, and keys out of the home where none are configured."""
    home = home_of(settings).create()
    given: dict[str, Any] = {"home": home.root}
    if settings.database_url is None:
        given["database_url"] = given["database_owner_url"] = SecretStr(database_url)
    if settings.valkey_url is None:
        given["valkey_url"] = SecretStr(valkey_url)
    if settings.data_keys is None:
        kept = home.secret("data-keys", lambda: Keyring.new_key("k1").encode()).decode().strip()
        given["data_keys"] = SecretStr(kept)
    return settings.model_copy(update=given)


def demo_password(settings: Settings) -> str:
    """The password of the demo accounts, made for this home alone."""
    return home_of(settings).create().secret("demo-password", lambda: secrets.token_urlsafe(12).encode()).decode()


def environment(settings: Settings) -> dict[str, str]:
    """The settings as the variables that make them again; holds secrets. What a vault has is not among them: variables
    win over the vault, and would keep from it whoever inherits them.
    """
    values: dict[str, str] = {}
    for name in Settings.model_fields:
        value = getattr(settings, name)
        if value is None or name in settings.from_vault:
            continue
        if hasattr(value, "get_secret_value"):
            value = value.get_secret_value()
        elif hasattr(value, "total_seconds"):
            value = f"PT{value.total_seconds()}S"
        values[f"{ENVIRONMENT_PREFIX}{name.upper()}"] = str(value).lower() if isinstance(value, bool) else str(value)
    return values


def metrics_environment(home: Home) -> dict[str, str]:
    """The variable that makes processes keep their metrics in the home, where those of former ones are deleted."""
    for left in home.metrics.iterdir():
        left.unlink()
    return {DIRECTORY_VARIABLE: str(home.metrics)}


def write_running(home: Home, running: Running) -> None:
    """Say where the platform runs. Readable by the owner alone: the addresses may hold passwords."""
    path = home.run / _STATE_FILE
    path.touch(mode=0o600)
    path.write_bytes(orjson.dumps(running))


def clear_running(home: Home) -> None:
    (home.run / _STATE_FILE).unlink(missing_ok=True)


def read_running(home: Home) -> Running | None:
    """Where the platform runs, if it does."""
    if home.holder() is None:
        return None
    try:
        return Running(**orjson.loads((home.run / _STATE_FILE).read_bytes()))
    except FileNotFoundError:  # still starting
        return None


@asynccontextmanager
async def connected(settings: Settings, on_event: EventHook = ignore_event) -> AsyncIterator[Settings]:
    """Settings with addresses that answer: those configured, those of the running platform, or of servers started
    for as long as the block lasts.

    Raises `EmbeddedServerError`.
    """
    home = home_of(settings)
    if settings.database_url is not None and settings.valkey_url is not None:
        yield complete(settings, "", "")
    elif (running := read_running(home)) is not None:
        yield complete(settings, running.database_url, running.valkey_url)
    else:
        async with embedded(settings, on_event) as servers:
            yield complete(settings, servers.postgres_url, servers.valkey_url)


def embedded(settings: Settings, on_event: EventHook = ignore_event) -> EmbeddedServers:
    """The embedded servers that these settings call for: none where an address is configured."""
    return EmbeddedServers(
        home_of(settings),
        on_event=on_event,
        postgres_url=settings.database_url.get_secret_value() if settings.database_url else None,
        valkey_url=settings.valkey_url.get_secret_value() if settings.valkey_url else None,
    )
