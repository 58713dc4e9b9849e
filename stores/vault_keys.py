"""Data keys in a vault: who seals follows them, so that a rotation needs no restart."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import structlog

from configs.errors import AzoraError
from stores.sealing import Keyring
from stores.vault import Vault, VaultRefused

_FIELD = "data_keys"
_RETRY = timedelta(seconds=5)

_log = structlog.get_logger(__name__)


async def follow_data_keys(vault: Vault, keyring: Keyring, every: timedelta) -> None:
    """`take_over` again and again until cancelled, sooner where the vault did not answer."""
    pause = every
    while True:
        await asyncio.sleep(pause.total_seconds())
        try:
            read = await take_over(vault, keyring)
        except Exception:  # whoever followed no more would miss the next rotation, and nobody would see it
            _log.exception("data keys not followed")
            read = False
        pause = every if read else min(every, _RETRY)


async def take_over(vault: Vault, keyring: Keyring) -> bool:
    """Make a ring as the vault has it. Whether it could be read: while the vault is away the ring stays as it is."""
    try:
        text = (await vault.read_secret()).values.get(_FIELD)
        if text is not None and keyring.adopt(Keyring.parse(text)):
            _log.info("data keys taken over", active=keyring.active, keys=sorted(keyring.keys))
    except AzoraError as error:
        _log.warning("data keys not read", reason=error.detail)
        return False
    return True


async def announce_data_key(vault: Vault, name: str) -> None:
    """Add a fresh key behind the others: everybody can open what it seals, nobody seals with it yet.

    Raises `VaultRefused` where there are no keys yet, the name is taken, or somebody else writes meanwhile.
    """
    secret = await vault.read_secret()
    present = secret.values.get(_FIELD)
    if present is None:
        raise VaultRefused(f"The secret has no field {_FIELD!r} to add a key to")
    if name in Keyring.parse(present).keys:
        raise VaultRefused(f"There is a key {name!r} already")
    values = {**secret.values, _FIELD: f"{present},{Keyring.new_key(name)}"}
    await vault.write_secret(values, over_version=secret.version)


async def activate_data_key(vault: Vault, name: str) -> None:
    """Put a key in front, so that it seals from now on. Raises `VaultRefused` where there is none of that name."""
    secret = await vault.read_secret()
    entries = [entry.strip() for entry in secret.values.get(_FIELD, "").split(",") if entry.strip()]
    chosen = [entry for entry in entries if entry.partition(":")[0] == name]
    if not chosen:
        raise VaultRefused(f"There is no key {name!r}")
    others = [entry for entry in entries if entry not in chosen]
    values = {**secret.values, _FIELD: ",".join(chosen + others)}
    await vault.write_secret(values, over_version=secret.version)
