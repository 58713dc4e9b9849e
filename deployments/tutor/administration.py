"""What the command line does to conversations."""

from __future__ import annotations

from typing import Any, NamedTuple
from uuid import UUID

from deployments.tutor.repository import reseal_turns, turns_under_other_keys
from stores.postgres import Database
from stores.sealing import Keyring, SealBroken
from stores.tutoring import turn_context

_AT_ONCE = 500


class Resealed(NamedTuple):
    """How many turns were sealed again, and how many no key opens."""

    changed: int
    broken: int


async def reseal(database: Database, keyring: Keyring) -> Resealed:
    """Seal again every turn that another key than the active one seals.

    `database` must be under the role `azora_system`. Works in batches, each a transaction of its own, and can be
    repeated. Rows that cannot be opened stay as they are.
    """
    changed = broken = 0
    after = UUID(int=0)
    while True:
        async with database.transaction(None) as connection:
            rows = await turns_under_other_keys(connection, keyring.active, after, _AT_ONCE)
            again = [made for row in rows if (made := _again(keyring, row)) is not None]
            await reseal_turns(connection, keyring.active, again)
        changed += len(again)
        broken += len(rows) - len(again)
        if len(rows) < _AT_ONCE:
            return Resealed(changed, broken)
        after = rows[-1]["id"]


def _again(keyring: Keyring, row: Any) -> tuple[UUID, bytes, bytes] | None:
    id = row["id"]
    question, reply = turn_context(id, "question"), turn_context(id, "reply")
    try:
        return (
            id, keyring.seal(keyring.open(row["question"], question), question),
            keyring.seal(keyring.open(row["reply"], reply), reply),
        )  # fmt: skip
    except SealBroken:
        return None
