"""Fitting the log to the settings, and to the server it finds itself on."""

from __future__ import annotations

from stores.event_log.planning import walk_the_index
from stores.events import TOPICS
from stores.postgres import Database
from stores.queries import load_queries

_queries = load_queries(__file__, "settling.sql")


async def settle(database: Database, partitions: int) -> bool:
    """Spread new events over at least so many partitions, and order them after those that came with a dump.

    To be called before anything writes events, under `azora_system`. Safe to repeat. Returns whether the log was found
    to have come from another server.
    """
    async with database.transaction(None) as connection:
        await _queries.grow(connection, partitions=partitions)
        await walk_the_index(connection)
        return await _queries.adopt(connection, topics=list(TOPICS)) is not None
