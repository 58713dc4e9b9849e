"""The settings of this process: the environment, the configuration file, and below them what a vault has.

The one way to them, for replicas, commands and jobs alike: no process hands what a vault has on to another. Settings
that an actor is made with come without, and `with_vault` completes them where they arrive.
"""

from __future__ import annotations

import asyncio
import os
import time
import tomllib
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import structlog

from configs.errors import ConfigurationError
from configs.settings import ENVIRONMENT_PREFIX, Settings, read_settings
from stores.errors import StoreError

if TYPE_CHECKING:
    from stores.vault import VaultAccess

_KEY_OF_NOTHING = "none:" + "A" * 43 + "="  # stands in while the vault, which has the real ones, is not read yet
_RETRY_SECONDS = 5.0

_log = structlog.get_logger(__name__)


def load_settings(**overrides: object) -> Settings:
    """As `configs.settings.read_settings`, over what the vault has, where one is configured. Of its values, names that
    are no settings are refused as misspelt.

    Raises `ConfigurationError`, `VaultUnavailable`, `VaultRefused`.
    """
    if not _names_vault():
        return read_settings(**overrides)
    from stores.vault import VaultAccess  # an HTTP client comes with it, which few installations need

    access = VaultAccess.from_settings(read_settings({"data_keys": _KEY_OF_NOTHING}, **overrides))
    assert access is not None
    values = _outside_of_any_loop(access)
    if unknown := sorted(values.keys() - Settings.model_fields.keys()):
        raise ConfigurationError([f"{access.secret}: {name}: no such setting" for name in unknown])
    return read_settings(values, **overrides)


def with_vault(settings: Settings) -> Settings:
    """Settings that another process handed on, with what the vault has now: the first thing that an actor does with
    its own. Waits for a vault that is away or refuses, for as long as that lasts: Ray makes no actor anew whose making
    failed.
    """
    if not settings.from_vault:
        return settings
    while True:
        try:
            fresh = load_settings()
        except StoreError as error:
            _log.warning("settings not read from the vault", reason=error.detail)
            time.sleep(_RETRY_SECONDS)
        else:
            return settings.model_copy(update={name: getattr(fresh, name) for name in settings.from_vault})


def _names_vault() -> bool:
    name = "vault_url"
    if os.environ.get(f"{ENVIRONMENT_PREFIX}{name.upper()}"):
        return True
    file = os.environ.get("AZORA_CONFIG_FILE")
    return bool(file and Path(file).is_file() and tomllib.loads(Path(file).read_text()).get(name))


def _outside_of_any_loop(access: VaultAccess) -> dict[str, str]:
    """Read the secret in a thread of its own: the caller may be inside a running loop."""
    from stores.vault import Vault

    outcome: dict[str, Any] = {}

    async def read() -> dict[str, str]:
        async with Vault(access) as vault:
            return (await vault.read_secret()).values

    def work() -> None:
        try:
            outcome["values"] = asyncio.run(read())
        except Exception as error:
            outcome["error"] = error

    thread = Thread(target=work, name="vault")
    thread.start()
    thread.join()
    if "error" in outcome:
        raise outcome["error"]
    values: dict[str, str] = outcome["values"]
    return values
