"""The data keys of a process: those of its settings, and whatever becomes of them in a vault.

Whoever seals or opens for longer than a moment follows them. A key may rotate at any time, and settings outlive it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from configs.settings import Settings
from stores.sealing import Keyring


def keyring_of(settings: Settings) -> Keyring:
    """The data keys as the settings have them. Raises `ConfigurationError`."""
    assert settings.data_keys is not None
    return Keyring.parse(settings.data_keys.get_secret_value())


@asynccontextmanager
async def following_keyring(settings: Settings) -> AsyncIterator[Keyring]:
    """The data keys, kept as the vault has them for as long as the block lasts. Raises `ConfigurationError`."""
    keyring = keyring_of(settings)
    async with following(settings, keyring):
        yield keyring


@asynccontextmanager
async def following(settings: Settings, keyring: Keyring) -> AsyncIterator[None]:
    """Keep a ring as the vault has it, from the beginning of the block on; leave it alone where the keys come from
    elsewhere. A vault that is away is no error: the ring stays as it is until the vault answers again.
    """
    if "data_keys" not in settings.from_vault:
        yield
        return
    from stores.vault import Vault, VaultAccess  # an HTTP client comes with it, which few installations need
    from stores.vault_keys import follow_data_keys, take_over

    access = VaultAccess.from_settings(settings)
    assert access is not None
    async with Vault(access) as vault:
        await take_over(vault, keyring)
        task = asyncio.create_task(follow_data_keys(vault, keyring, settings.vault_refresh))
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
