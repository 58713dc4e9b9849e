"""What people may read of courses, as sentences that answer a question."""

from __future__ import annotations

from actors.retrieval_index.quoting import quotations
from actors.retrieval_index.search import Found, Question, search
from deployments.llm.conversation import Asker
from deployments.llm.providers.extractive import Quotation
from learning.embedding.embedder import Embedder
from learning.retrieval.chunking import PATH
from stores.postgres import Database
from stores.retrieval import Reader

_PASSAGES = 5


class CourseMaterial:
    """A `Material` over the index of passages. `database` is under `azora_app`. Without vectors, words have to do."""

    def __init__(self, database: Database, embedder: Embedder) -> None:
        self._database = database
        self._embedder = embedder

    async def quote(self, asker: Asker, question: str) -> list[Quotation]:
        """See `Material.quote`."""
        vectors = await self._embedder.attempt([question])
        vector = None if vectors is None else vectors[0]
        reader = Reader(user_id=asker.user_id, any_course=asker.any_course)
        wanted = Question(text=question, course_id=asker.course_id, limit=_PASSAGES)
        async with self._database.transaction(asker.org_id, readonly=True) as connection:
            found = await search(connection, reader, wanted, vector)
        quoted = await quotations(self._embedder, question, vector, found)
        return [Quotation(text=text, source=_source(one)) for text, one in quoted]


def _source(found: Found) -> str:
    return f"{found.passage.course_title}{PATH}{found.passage.heading}"
