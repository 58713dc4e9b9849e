"""The login that serves takes one of two roles as it connects, and must be a member of both."""

from __future__ import annotations

import asyncpg

from configs.errors import ConfigurationError
from configs.settings import Settings
from stores.postgres import translated

_CONNECT_SECONDS = 10
# Since version 16 whoever makes a role is a member of it that may grant it and cannot take it.
_MISSING = """
select array_agg(role order by role)
  from unnest(array['azora_app', 'azora_system']) as role
 where not pg_has_role($1::name, role::name,
                       case when current_setting('server_version_num')::integer < 160000 then 'member' else 'set' end)
"""


async def admit(settings: Settings, owner_url: str) -> None:
    """Grant the roles, by the owner, to the login of `AZORA_DATABASE_URL`, where it has them not. Logins that a vault
    makes are made with them.

    Raises `ConfigurationError` where the owner may not, `StoreError` where a login is not let in.
    """
    if settings.vault_database_role is not None:
        return
    assert settings.database_url is not None
    login = await _name_of(settings.database_url.get_secret_value())
    with translated():
        owner = await asyncpg.connect(owner_url, timeout=_CONNECT_SECONDS)
        try:
            if missing := await owner.fetchval(_MISSING, login):
                await _grant(owner, missing, login)
        finally:
            await owner.close()


async def _name_of(url: str) -> str:
    with translated():
        connection = await asyncpg.connect(url, timeout=_CONNECT_SECONDS)
        try:
            name: str = await connection.fetchval("select session_user")
            return name
        finally:
            await connection.close()


async def _grant(owner: asyncpg.Connection, roles: list[str], login: str) -> None:
    statement: str = await owner.fetchval(
        "select format('grant %s to %I', $1::text, $2::text)", ", ".join(roles), login
    )
    try:
        await owner.execute(statement)
    except asyncpg.InsufficientPrivilegeError as error:
        who = await owner.fetchval("select current_user")
        raise ConfigurationError(
            [f"{who} may not grant {' and '.join(roles)}. Have an administrator of the database run: {statement};"]
        ) from error
