"""Who a person is in the figures: a random pseudonym, made at first sight; an erasure deletes what links the two."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable
from hashlib import blake2b
from typing import Any

from actors.analytics_aggregator.state import Learner, Person, hexadecimal
from stores.postgres import Connection
from stores.queries import load_queries

_queries = load_queries(__file__)


class Pseudonyms:
    """Remembers at most `capacity` of the pseudonyms it has looked up, about 250 bytes each."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._known: dict[Person, bytes] = {}
        # Erased people have no pseudonym any more; in what comes late they are told apart under a key that nobody
        # has and that ends with the process.
        self._key = secrets.token_bytes(32)

    def clear(self) -> None:
        """Forget everything: a transaction that may have made pseudonyms was rolled back."""
        self._known.clear()

    def drop(self, people: Iterable[Person]) -> None:
        """Forget some, who were erased."""
        for person in people:
            self._known.pop(person, None)

    async def resolve(self, connection: Connection, people: Collection[Person]) -> dict[Person, Learner]:
        """Everybody's pseudonym. The newly made ones are stored in the connection's transaction."""
        if missing := self._unknown(people):
            await self._find(_queries.pseudonyms, connection, missing)
        if strangers := self._unknown(missing):
            await self._find(_queries.make_pseudonyms, connection, strangers)
        if made_meanwhile := self._unknown(strangers):
            await self._find(_queries.pseudonyms, connection, made_meanwhile)
        return {person: self._learner(person) for person in people}

    def trim(self) -> None:
        """Give up what was looked up longest ago, if there are too many."""
        surplus = len(self._known) - self._capacity
        if surplus > 0:
            for person in list(self._known)[:surplus]:
                del self._known[person]

    def _unknown(self, people: Iterable[Person]) -> list[Person]:
        return [person for person in people if person not in self._known]

    def _learner(self, person: Person) -> Learner:
        found = self._known.get(person)
        if found is not None:
            return Learner(found, lasts=True)
        digest = blake2b(repr(person).encode(), key=self._key, digest_size=16).digest()
        return Learner(digest, lasts=False)

    async def _find(self, query: Any, connection: Connection, people: list[Person]) -> None:
        org_ids, user_ids = [hexadecimal(org_id) for org_id, _ in people], [hexadecimal(user) for _, user in people]
        async for row in query(connection, org_ids=org_ids, user_ids=user_ids):
            self._known[row["org_id"].int, row["user_id"].int] = row["pseudonym"].bytes
