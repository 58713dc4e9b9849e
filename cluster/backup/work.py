"""Making a backup, looking at one, and restoring it."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from cluster import bootstrap
from cluster.backup import database, sessions
from cluster.backup.database import NotEmpty
from cluster.backup.members import Manifest, MemberWriter, read_members
from cluster.backup.sealed_file import BackupUnreadable, SealedReader, SealedWriter
from configs.settings import Settings
from stores import valkey
from stores.errors import StoreError
from stores.keyrings import keyring_of

DATABASE, SESSIONS = "database.pgdump", "sessions.jsonl"
_SERIALISED_SESSIONS = "sessions.valkey"  # in backups of former releases
_LINES_BYTES = 1 << 18

Progress = Callable[[str], None]


class RestoreIncomplete(BackupUnreadable):
    """What was restored is not what was backed up; the message names what differs."""

    title = "The restored data is not what was backed up"


@dataclass(frozen=True)
class Summary:
    """What a backup holds, and why its sessions could not be restored where that is so."""

    path: Path
    size_bytes: int
    manifest: Manifest
    sessions_lost: str | None = None

    @property
    def rows(self) -> int:
        return sum(state.rows for state in self.manifest.tables.values())


async def back_up(settings: Settings, path: Path, progress: Progress = lambda _: None) -> Summary:
    """Write PostgreSQL and Valkey as of one moment into `path`, which must not exist yet.

    Takes no lock that a request would wait for. The file appears when it is whole.
    """
    url = bootstrap.owner_url(settings)
    with _appearing(path) as file:
        async with database.snapshot(url) as snapshot:
            created = datetime.now(UTC)
            sealed = SealedWriter(file, keyring_of(settings), {"created_at": created.isoformat()})
            writer = MemberWriter(sealed)
            progress("sessions")
            held = await _write_sessions(settings, writer, await snapshot.people(), created)
            progress("database")
            writer.begin(DATABASE)
            async for piece in database.dump(url, snapshot):
                writer.data(piece)
            progress("hashes of every table")
            manifest = Manifest(
                created_at=created.isoformat(),
                revision=await snapshot.revision(),
                members=writer.finished(),
                tables=await snapshot.tables(),
                sessions=held,
            )
            writer.manifest(manifest)
            sealed.finish()
    return _summary(path, manifest)


@contextmanager
def _appearing(path: Path) -> Iterator[IO[bytes]]:
    """A private file that takes its name once it is whole."""
    if path.exists():
        raise NotEmpty(f"{path} exists already; a backup replaces nothing")
    partial = path.with_name(f".{path.name}.partial")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
        partial.rename(path)
    finally:
        partial.unlink(missing_ok=True)


def _summary(path: Path, manifest: Manifest) -> Summary:
    return Summary(path, path.stat().st_size, manifest)


async def _write_sessions(settings: Settings, writer: MemberWriter, people: set[str], before: datetime) -> int:
    client = valkey.connect(settings)
    writer.begin(SESSIONS)
    held, lines = 0, bytearray()
    try:
        with valkey.translated():
            async for line in sessions.dump(client, people, before):
                held += sessions.is_session(line)
                lines += line
                if len(lines) > _LINES_BYTES:
                    writer.data(bytes(lines))
                    lines.clear()
    finally:
        await client.aclose()
    writer.data(bytes(lines))
    return held


def verify(settings: Settings, path: Path) -> Summary:
    """Decrypt all of a backup and compare its members with the manifest. Raises `BackupUnreadable`."""
    with path.open("rb") as file:
        reader = SealedReader(file, keyring_of(settings))
        manifest = None
        for found in read_members(reader):
            if isinstance(found, Manifest):
                manifest = found
        # The last chunk is known as such only when all is read.
        if reader.read(1) or manifest is None:
            raise BackupUnreadable("There is something behind the manifest")
    return _summary(path, manifest)


async def restore(settings: Settings, path: Path, progress: Progress = lambda _: None) -> Summary:
    """Put a backup into an empty database and a Valkey without sessions, and compare every table with the manifest.

    The whole file is verified before anything is written. Sessions come last: where Valkey does not take them all is
    well but that everybody signs in again, and the summary says why. Raises `BackupUnreadable`, `NotEmpty`,
    `DumpFailed`, `RestoreIncomplete`.
    """
    progress("verifying the file")
    summary = verify(settings, path)
    client = valkey.connect(settings)
    try:
        with valkey.translated():
            if not await sessions.require_none(client):
                raise NotEmpty("Valkey has sessions; a backup is restored into none")
        progress("database")
        url = bootstrap.owner_url(settings)
        async with database.restoring(url) as pipe:
            async for piece in _member(settings, path, DATABASE):
                pipe.write(piece)
                await pipe.drain()
        progress("comparing every table")
        _compare(summary.manifest, await database.read_states(url))
        progress("migrations, and the event log's order on this server")
        try:
            await bootstrap.prepare(settings)
        finally:  # what is left to do then is `azora migrate`, which brings no sessions back
            progress("sessions")
            lost = await _restore_sessions(settings, path, summary.manifest, client)
        return replace(summary, sessions_lost=lost)
    finally:
        await client.aclose()


async def _restore_sessions(settings: Settings, path: Path, manifest: Manifest, client: Any) -> str | None:
    """Why there are none, where Valkey does not take them."""
    try:
        with valkey.translated():
            if SESSIONS in manifest.members:
                await sessions.restore(client, _lines(_member(settings, path, SESSIONS)))
            else:
                await sessions.restore_serialised(client, _lines(_member(settings, path, _SERIALISED_SESSIONS)))
    except StoreError as error:
        with suppress(StoreError), valkey.translated():
            await sessions.forget(client)
        return str(error.__cause__ or error)
    return None


def _compare(manifest: Manifest, restored: dict[str, Any]) -> None:
    different = sorted(
        name for name in manifest.tables.keys() | restored.keys() if manifest.tables.get(name) != restored.get(name)
    )
    if different:
        raise RestoreIncomplete(f"These tables differ from the manifest: {', '.join(different)}")


async def _member(settings: Settings, path: Path, name: str) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        for found in read_members(SealedReader(file, keyring_of(settings))):
            if not isinstance(found, Manifest) and found[0] == name:
                yield found[1]


async def _lines(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    rest = b""
    async for piece in pieces:
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            yield line
    if rest:
        yield rest
