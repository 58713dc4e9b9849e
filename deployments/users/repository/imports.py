"""Many people at once, with few statements."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from deployments.users.import_plan import ImportedPerson
from deployments.users.repository.batches import batches
from deployments.users.repository.people import VIOLATIONS, User
from stores.ids import new_id
from stores.postgres import Connection, violations
from stores.queries import load_queries

_queries = load_queries(__file__, "imports.sql")


class ImportRepository:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def prepare(self) -> None:
        """Have what follows in the transaction planned for as many rows as there are."""
        await _queries.plan_for_long_arrays(self._connection)

    async def known(self, people: Sequence[ImportedPerson], *, lock: bool) -> list[User]:
        """Who has an address or an external id that the file names; locked against other changes where asked."""
        query = _queries.locked if lock else _queries.known
        rows = query(
            self._connection,
            emails=[person.email for person in people],
            external_ids=[person.external_id for person in people if person.external_id is not None],
        )
        return [User.from_row(row) async for row in rows]

    async def create(self, org_id: UUID, people: Sequence[ImportedPerson]) -> list[UUID]:
        """New people; their ids. Raises `EmailTaken`, `ExternalIdTaken` where others were quicker."""
        ids: list[UUID] = []
        for batch in batches(people):
            new_ids = [new_id() for _ in batch]
            with violations(VIOLATIONS):
                await _queries.create(
                    self._connection,
                    org_id=org_id,
                    ids=new_ids,
                    emails=[person.email for person in batch],
                    password_hashes=[person.password_hash for person in batch],
                    first_names=[person.first_name for person in batch],
                    last_names=[person.last_name for person in batch],
                    roles=[person.role for person in batch],
                    external_ids=[person.external_id for person in batch],
                )
            ids += new_ids
        return ids

    async def change(self, people: Sequence[User]) -> None:
        """Write names, addresses and external ids. Raises `EmailTaken`, `ExternalIdTaken` where others were quicker."""
        for batch in batches(people):
            with violations(VIOLATIONS):
                await _queries.change(
                    self._connection,
                    ids=[person.id for person in batch],
                    emails=[person.email for person in batch],
                    first_names=[person.first_name for person in batch],
                    last_names=[person.last_name for person in batch],
                    external_ids=[person.external_id for person in batch],
                )

    async def void_resets(self, people: Sequence[User]) -> None:
        """Make all links worthless that were mailed to these people."""
        await _queries.void_resets(self._connection, user_ids=[person.id for person in people])
