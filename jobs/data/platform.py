"""The platform's own database, as jobs see it: all organisations, one at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from uuid import UUID

from rich.markup import escape

from configs.settings import Settings
from jobs.framework import JobError, Run
from stores.postgres import Database
from stores.vaulted import load_settings


@dataclass(frozen=True)
class Organisation:
    """A tenant."""

    id: UUID
    slug: str


Tenant = Callable[[Database, Organisation], Awaitable[None]]


def for_each_organisation(run: Run, slugs: Iterable[str], work: Tenant) -> int:
    """Do the work for every organisation, or those named. One that fails does not keep the others from theirs, and
    makes the run fail in the end.

    Returns how many there were. Raises `JobError` for a name that there is not.
    """
    return asyncio.run(_each(run, set(slugs), work))


def platform_settings() -> Settings:
    """The settings, complete. Raises `JobError` where no database is configured."""
    settings = load_settings()
    if settings.database_url is None:
        raise JobError("No database is configured: set AZORA_DATABASE_URL, or run it with `azora job`.")
    return settings


async def _each(run: Run, slugs: set[str], work: Tenant) -> int:
    settings = platform_settings()
    system = Database.from_settings(settings, role="azora_system")
    tenants = Database.from_settings(settings)
    try:
        async with system.transaction(None) as connection:
            rows = await connection.fetch("select id, slug from organisations order by slug")
        found = [Organisation(row["id"], row["slug"]) for row in rows if not slugs or row["slug"] in slugs]
        if unknown := slugs - {organisation.slug for organisation in found}:
            raise JobError(f"There is no organisation {', '.join(sorted(unknown))}.")
        failed = []
        for organisation in run.track(found, "organisations") if len(found) > 1 else found:
            try:
                await work(tenants, organisation)
            except Exception as error:  # the others get theirs
                failed.append(organisation.slug)
                run.say(f"[red]✗[/red] {escape(f'{organisation.slug}: {type(error).__name__}: {error}')}")
        if failed:
            run.fail(f"Failed for {', '.join(failed)}; the others are done. Start it again for the rest.")
        return len(found)
    finally:
        await system.close()
        await tenants.close()
