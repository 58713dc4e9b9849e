"""`azora vault`: what the vault has for this installation."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Annotated

import typer

from cluster.console import explained, fail, out, step
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
    """Make a new data key, wait until everybody knows it, let it seal; then seal everything again and make a new key
    for tokens, as `azora admin rotate-keys` does."""
    from cluster import administration

    settings = load_settings()
    chosen = name or f"k{int(time.time())}"

    async def work(vault: Vault) -> None:
        await announce_data_key(vault, chosen)
        wait = 2 * settings.vault_refresh.total_seconds()
        with step(f"{chosen} is in the vault; waiting {wait:.0f} s until everybody knows it"):
            await asyncio.sleep(wait)
        await activate_data_key(vault, chosen)
        out.print(f"{chosen} seals from now on.")

    _with_vault(work)
    with explained():
        asyncio.run(administration.rotate_keys(load_settings()))  # as the vault has them now
