"""Rotation of data keys: what older keys seal is sealed again under the active one. Every column with sealed values is
declared here. A key is needed by nothing once nobody seals under it any more and a pass after that changed nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from stores.postgres import Connection, Database
from stores.sealing import Keyring, SealBroken
from stores.sensitive import sensitive_context
from stores.transcripts import transcript_context
from stores.tutoring import turn_context

_AT_ONCE = 500


class Resealed(NamedTuple):
    """How many values were sealed again, and how many could not be opened with any key there is."""

    changed: int
    broken: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedColumn:
    """A column of sealed values, `context` what each is bound to by its row's id. `key_column` repeats the key's id."""

    what: str
    table: str
    column: str
    context: Callable[[UUID], str]
    key_column: str | None = None


SENSITIVE = SealedColumn(
    what="profile(s)", table="users", column="sensitive", context=sensitive_context, key_column="sensitive_key_id"
)
SEALED = (
    SENSITIVE,
    SealedColumn(
        what="question(s) to the tutor", table="tutor_turns", column="question",
        context=lambda id: turn_context(id, "question"),
    ),
    SealedColumn(
        what="reply(s) of the tutor", table="tutor_turns", column="reply", context=lambda id: turn_context(id, "reply")
    ),
    SealedColumn(
        what="conversation(s) with models", table="llm_transcripts", column="sealed", context=transcript_context
    ),
)  # fmt: skip


async def reseal(database: Database, keyring: Keyring, sealed: SealedColumn) -> Resealed:
    """Seal again whatever of a column another key than the active one seals.

    `database` must be under the role `azora_system`. Works in batches, each a transaction of its own, and can be
    repeated. Values that cannot be opened stay as they are.
    """
    changed = broken = 0
    after = UUID(int=0)
    while True:
        async with database.transaction(None) as connection:
            rows = await _under_other_keys(connection, sealed, keyring.active, after)
            again = {id: value for id, old in rows if (value := _again(keyring, old, sealed.context(id))) is not None}
            await _store(connection, sealed, keyring.active, again)
        changed += len(again)
        broken += len(rows) - len(again)
        if len(rows) < _AT_ONCE:
            return Resealed(changed, broken)
        after = rows[-1][0]


# The names in these statements are those of `SEALED`: nothing of them comes from outside.


async def _under_other_keys(
    connection: Connection, sealed: SealedColumn, active: str, after: UUID
) -> list[tuple[UUID, bytes]]:
    """In the order of ids, so that a value that cannot be opened is passed, not met again for ever. Locked."""
    rows = await connection.fetch(
        f"select id, {sealed.column} as value from {sealed.table}"  # noqa: S608
        f" where {sealed.column} is not null and id > $1"
        # The header names the key: format (1 byte), length of the id (1), the id.
        f" and substr({sealed.column}, 3, get_byte({sealed.column}, 1)) <> convert_to($2, 'UTF8')"
        " order by id limit $3 for no key update",
        after, active, _AT_ONCE,
    )  # fmt: skip
    return [(row["id"], row["value"]) for row in rows]


async def _store(connection: Connection, sealed: SealedColumn, active: str, values: dict[UUID, bytes]) -> None:
    key = f", {sealed.key_column} = $3" if sealed.key_column else ""
    await connection.execute(
        f"update {sealed.table} t set {sealed.column} = r.value{key}"  # noqa: S608
        " from unnest($1::uuid[], $2::bytea[]) as r (id, value) where t.id = r.id",
        list(values), list(values.values()), *([active] if sealed.key_column else []),
    )  # fmt: skip


def _again(keyring: Keyring, value: bytes, context: str) -> bytes | None:
    try:
        return keyring.seal(keyring.open(value, context), context)
    except SealBroken:
        return None
