"""`azora vault`: what the vault has for this installation."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Annotated

import typer

from cluster.console import explained, fail, out, step
from configs.settings import Settings
from stores.vault import Vault, VaultAccess
from stores.vault_keys import activate_data_key, announce_data_key
from stores.vaulted import load_settings

app = typer.Typer(help="Settings, keys and logins in a vault.", no_args_is_help=True)


def _with_vault(work: Callable[[Vault], Awaitable[None]]) -> None:
    async def run(access: VaultAccess) -> None:
        async with Vault(access) as vault:
            await work(vault)

    with explained():
        access = VaultAccess.from_settings(load_settings())
        if access is None:
            fail("No vault is configured.", "Set AZORA_VAULT_URL (docs/OPERATIONS.md, Vault).")
        asyncio.run(run(access))


@app.command()
def show() -> None:
    """Say which settings the vault has, by name, and whether it makes database logins. No value is shown."""
    settings = load_settings()

    async def work(vault: Vault) -> None:
        secret = await vault.read_secret()
        out.print(f"{settings.vault_secret}, version {secret.version}: {', '.join(sorted(secret.values)) or 'empty'}")
        if settings.vault_database_role is not None:
            lease = await vault.database_login(settings.vault_database_role)
            await vault.revoke(lease)
            out.print(f"{settings.vault_database_role}: logins for {lease.lifetime.total_seconds():.0f} s")

    _with_vault(work)


@app.command("rotate-keys")
def rotate_keys(
    name: Annotated[str, typer.Option(help="of the new data key; default k and the time")] = "",
) -> None:
    """Make a new data key, wait until everybody knows it, let it seal, and wait until everybody does; then seal
    everything again and make a new key for tokens, as `azora admin rotate-keys` does."""
    settings = load_settings()

    async def work(vault: Vault) -> None:
        await rotate(vault, settings, name or f"k{int(time.time())}", asyncio.sleep)

    _with_vault(work)


async def rotate(vault: Vault, settings: Settings, name: str, pause: Callable[[float], Awaitable[None]]) -> None:
    """The rotation to a new key of that name; `pause` is given the seconds in which everybody reads the vault."""
    from cluster import administration

    wait = 2 * settings.vault_refresh.total_seconds()
    await announce_data_key(vault, name)
    with step(f"{name} is in the vault; waiting {wait:.0f} s until everybody knows it"):
        await pause(wait)
    await activate_data_key(vault, name)
    # Until they have read that, others seal under the key of before: what they do has to be sealed again too.
    with step(f"{name} seals from now on; waiting {wait:.0f} s until it does everywhere"):
        await pause(wait)
    await administration.rotate_keys(await asyncio.to_thread(load_settings))  # as the vault has them now
