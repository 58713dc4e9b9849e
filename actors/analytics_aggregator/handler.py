"""What the consumer "analytics" does with events: folds them into the figures, and says which have changed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import orjson

from actors.analytics_aggregator.figures import Scope
from actors.analytics_aggregator.fold import user_of
from actors.analytics_aggregator.pseudonyms import Pseudonyms
from actors.analytics_aggregator.state import Deltas, Horizon, Person, hexadecimal
from actors.analytics_aggregator.store import FigureStore, Generation, Part
from stores.event_log.types import Batch
from stores.events import TOPICS
from stores.postgres import Connection
from stores.queries import load_queries

_queries = load_queries(__file__)

CONSUMER = "analytics"
_ERASED = "user.erased.v1"
CHANGES = "analytics_changed"  # the channel that readers listen on
_CELLS_REMEMBERED = 16_384
_PEOPLE_REMEMBERED = 150_000
_MESSAGE_BYTES = 7_900  # PostgreSQL carries fewer than 8,000


class AnalyticsHandler:
    """A `stores.event_log.types.Handler`, under `azora_system`.

    Where the figures go is read anew in every transaction, after the claims were locked: whoever switches generations
    locks them too, so no figure goes to a generation that has been given up. `ahead` 1 is the generation that a
    rebuild fills; as nobody reads it yet, its changes are not announced.
    """

    topics = frozenset(TOPICS)

    def __init__(self, consumer: str = CONSUMER, *, ahead: int = 0) -> None:
        self.consumer = consumer
        self._ahead = ahead
        self._figures = FigureStore(_CELLS_REMEMBERED)
        self._pseudonyms = Pseudonyms(_PEOPLE_REMEMBERED)

    async def handle(self, connection: Connection, batches: Sequence[Batch]) -> None:
        """See `Handler.handle`."""
        row = await _queries.begin(connection)
        horizon = Horizon(row["minutes_from"], row["hours_from"])
        self._pseudonyms.drop(_erased(batches))
        learners = await self._pseudonyms.resolve(connection, _people(batches))
        parts = [Part(batch.partition, batch.version, Deltas()) for batch in batches]
        for batch, part in zip(batches, parts, strict=True):
            part.deltas.fold(batch.events, learners)
        await self._figures.add(connection, Generation(row["current"] + self._ahead, horizon), parts)
        self._pseudonyms.trim()
        if not self._ahead:
            await _queries.announce(connection, message=change_message(parts))

    def forget(self, partitions: Collection[int]) -> None:
        """See `Handler.forget`. Pseudonyms that a transaction made in vain are not told from others, so all go."""
        self._figures.forget(partitions)
        self._pseudonyms.clear()


def _people(batches: Iterable[Batch]) -> set[Person]:
    return {
        (event.org_id.int, user_id.int)
        for batch in batches
        for event in batch.events
        if (user_id := user_of(event)) is not None
    }


def _erased(batches: Iterable[Batch]) -> list[Person]:
    return [
        (event.org_id.int, user_id.int)
        for batch in batches
        for event in batch.events
        if event.type == _ERASED and (user_id := user_of(event)) is not None
    ]


def change_message(parts: Collection[Part]) -> str:
    """The message: versions by partition, and `scopes` such as `o:<organisation>` and `c:<course>` in hexadecimal
    digits, or `*` where they are too many. The platform, and a course's units, go without saying.
    """
    versions = {str(part.partition): part.version for part in parts}
    courses = {key for part in parts for key in part.deltas.courses}
    scopes = {f"o:{hexadecimal(key.org_id)}" for key in courses}
    scopes |= {f"c:{hexadecimal(key.scope_id)}" for key in courses if key.scope is Scope.COURSE}
    message = orjson.dumps({"versions": versions, "scopes": sorted(scopes)})
    return (message if len(message) <= _MESSAGE_BYTES else orjson.dumps({"versions": versions, "scopes": "*"})).decode()
