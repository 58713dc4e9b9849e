"""What the index has housekeeping do."""

from __future__ import annotations

from datetime import timedelta

from actors.housekeeper.duties import Duty
from actors.retrieval_index import requests
from configs.settings import Settings
from learning.embedding import minilm
from learning.retrieval.chunking import RECIPE
from stores.postgres import Database
from stores.queries import load_queries

_queries = load_queries(__file__)
_ROWS_AT_ONCE = 1_000


async def compare_index(database: Database) -> int:
    """Ask for the courses whose index is not what it should be, and forget embeddings of former models.

    Events bring nearly all there is to do. This finds the rest: what was published when nobody listened and has left
    the log since, and versions whose last learner is gone. Returns how many rows it touched.
    """
    async with database.transaction(None) as connection:
        total = await requests.request_differing(connection, RECIPE)
    while True:  # in short transactions: a long one holds up the log's readers
        async with database.transaction(None) as connection:
            count: int = await _queries.forget_embeddings(connection, model=minilm.NAME, limit=_ROWS_AT_ONCE)
        total += count
        if count < _ROWS_AT_ONCE:
            return total


def duties(settings: Settings) -> list[Duty]:
    """All of them; none where nothing is indexed."""
    if not settings.retrieval:
        return []
    return [Duty(name="compare_retrieval_index", every=timedelta(minutes=10), run=compare_index)]
