"""What people may read of courses, as sentences that answer a question."""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from actors.retrieval_index.search import Found, Question, search
from deployments.llm.conversation import Asker
from deployments.llm.providers.extractive import Quotation
from learning.embedding.embedder import Embedder
from learning.embedding.errors import EmbeddingUnavailable
from learning.embedding.minilm import Vectors
from learning.retrieval import extraction
from learning.retrieval.chunking import PATH
from learning.retrieval.extraction import Likeness, Quote
from stores.postgres import Database
from stores.retrieval import Reader

log = structlog.get_logger("azora.llm")

_PASSAGES = 5
_SENTENCES = 4


class CourseMaterial:
    """A `Material` over the index of passages. `database` is under `azora_app`. Without vectors, words have to do."""

    def __init__(self, database: Database, embedder: Embedder) -> None:
        self._database = database
        self._embedder = embedder

    async def quote(self, asker: Asker, question: str) -> list[Quotation]:
        """See `Material.quote`."""
        vector = await self._embedded([question])
        reader = Reader(user_id=asker.user_id, any_course=asker.any_course)
        wanted = Question(text=question, course_id=asker.course_id, limit=_PASSAGES)
        async with self._database.transaction(asker.org_id, readonly=True) as connection:
            found = await search(connection, reader, wanted, None if vector is None else vector[0])
        near = [one for one in found if extraction.is_supported(one.similarity, one.coverage)]
        quotes = extraction.candidates([one.passage.text for one in near])
        likeness = await self._likeness(question, vector, quotes)
        return [
            Quotation(text=quote.text, source=_source(near[quote.source]))
            for quote in extraction.select(quotes, likeness, _SENTENCES)
        ]

    async def _likeness(self, question: str, vector: Vectors | None, quotes: Sequence[Quote]) -> Likeness:
        vectors = await self._embedded([quote.text for quote in quotes]) if vector is not None and quotes else None
        if vector is None or vectors is None:
            return extraction.by_words(question, quotes)
        return extraction.by_meaning(vector[0], vectors)

    async def _embedded(self, texts: Sequence[str]) -> Vectors | None:
        if self._embedder.problem is not None:
            return None
        try:
            return await self._embedder.embed(texts)
        except EmbeddingUnavailable as error:
            log.warning("answering by words alone", cause=error.detail)
            return None


def _source(found: Found) -> str:
    return f"{found.passage.course_title}{PATH}{found.passage.heading}"
