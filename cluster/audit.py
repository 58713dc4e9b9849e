"""What `azora audit` does with the audit log."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from cluster.bootstrap import owner_url, prepare
from cluster.console import fail, out, show_event
from cluster.installation import connected
from configs.settings import Settings
from stores import valkey
from stores.audit import PLATFORM, anchors, resumption, verifying
from stores.audit.heads import Head, HeadKeys
from stores.audit.verifying import KnownChain, Report, Verifier
from stores.keyrings import keyring_of
from stores.postgres import Database
from stores.signing_keys import KeyDirectory
from stores.valkey import Valkey

_PLATFORM_NAME = "platform"


@dataclass(frozen=True, kw_only=True)
class _Log:
    settings: Settings
    system: Database
    valkey: Valkey
    keys: HeadKeys
    names: dict[UUID, str]

    def name(self, org_id: UUID) -> str:
        return self.names.get(org_id, str(org_id))

    def id_of(self, name: str) -> UUID:
        found = next((org_id for org_id, slug in self.names.items() if slug == name), None)
        if found is None:
            fail(f"There is no organisation {name!r}.")
        return found


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[_Log]:
    async with connected(settings, show_event) as found:
        await prepare(found)
        system, client = Database.from_settings(found, role="azora_system"), valkey.connect(found)
        try:
            keys = HeadKeys(KeyDirectory(system), keyring_of(found))
            await keys.refresh()
            async with system.transaction(None, readonly=True) as connection:
                rows = await connection.fetch("select id, slug from organisations")
            names = {PLATFORM: _PLATFORM_NAME} | {UUID(str(row["id"])): row["slug"] for row in rows}
            yield _Log(settings=found, system=system, valkey=client, keys=keys, names=names)
        finally:
            await client.aclose()
            await system.close()


async def verify(settings: Settings, organisation: str | None, kept: Sequence[str]) -> bool:
    """Verify with a progress bar, tell what is wrong. Returns whether all holds. Raises `StoreUnavailable`."""
    async with _opened(settings) as log:
        known = await _known(log, kept)
        wanted = await verifying.chains(log.system, list(known))
        if organisation is not None:
            only = log.id_of(organisation)
            wanted = [chain for chain in wanted if chain.org_id == only]
        reports = await _verified(log, known, wanted)
        for report in reports:
            _tell(log, report)
    entries = sum(report.entries for report in reports)
    if broken := sum(not report.holds for report in reports):
        out.print(f"[red]{broken} of {len(reports)} chains do not hold.[/red]")
    else:
        out.print(f"All {len(reports)} chains hold: {entries:,} entries.")
    return not broken


async def _known(log: _Log, kept: Sequence[str] = ()) -> dict[UUID, list[Head]]:
    """The ends that were kept elsewhere: in Valkey, and in the lines of a file."""
    known: defaultdict[UUID, list[Head]] = defaultdict(list)
    for head in (await anchors.all_of_them(log.valkey)).values():
        known[head.org_id].append(head)
    for number, line in enumerate(kept, start=1):
        signed = Head.of_token(line.strip(), log.keys.public)
        if signed is None:
            fail(f"Line {number} of the file is not the end of a chain that we signed.")
        known[signed.org_id].append(signed)
    return known


async def _verified(log: _Log, known: dict[UUID, list[Head]], chains: Sequence[KnownChain]) -> list[Report]:
    verifier = Verifier(log.system, log.keys.public, known)
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=out) as bar:
        task = bar.add_task("Verifying", total=sum(chain.number for chain in chains))
        return [await verifier.verify(chain.org_id, lambda count: bar.advance(task, count)) for chain in chains]


def _tell(log: _Log, report: Report) -> None:
    name = escape(log.name(report.org_id))
    for problem in report.problems:
        where = f"entry {problem.number}" if problem.number else "chain"
        out.print(f"[red]{name}, {where}:[/red] {problem.text}")
    if more := report.problem_count - len(report.problems):
        out.print(f"[red]{name}:[/red] and {more:,} more")
    if report.waiting and report.waiting_seconds > 5:
        out.print(f"{name}: {report.waiting:,} entries wait to be chained, for {report.waiting_seconds:.0f} s")


async def print_heads(settings: Settings) -> None:
    """One signed end a line."""
    async with _opened(settings) as log:
        for chain in await verifying.chains(log.system):
            async with log.system.transaction(chain.org_id, readonly=True) as connection:
                token = await connection.fetchval("select token from audit_chains where org_id = $1", chain.org_id)
            if token is not None:
                print(token)


async def accept(settings: Settings, organisation: str, reason: str) -> None:
    """Sign the chain's present end, after saying what is wrong with it, and write down that it was done."""
    async with _opened(settings) as log:
        org_id = log.id_of(organisation)
        known = await _known(log)
        report = await Verifier(log.system, log.keys.public, known).verify(org_id)
        _tell(log, report)
        if report.holds:
            out.print("The chain holds; there is nothing to accept.")
            return
        head = await resumption.accept(owner_url(log.settings), log.keys, org_id, reason, report.problem_count)
        await anchors.remember(log.valkey, [head])
    out.print(f"Goes on from entry {head.number}. What is wrong before it stays visible to `azora audit verify`.")
