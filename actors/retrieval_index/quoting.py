"""From passages that were found to the sentences that answer. Free of Ray, as searching is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from actors.retrieval_index.search import Found
from learning.embedding.embedder import Embedder
from learning.embedding.minilm import Vectors
from learning.retrieval import extraction

SENTENCES = 4


class Quoted(NamedTuple):
    """A sentence, and the passage that it stands in."""

    text: str
    found: Found


def near_enough(found: Sequence[Found]) -> list[Found]:
    """The passages that can hold an answer; none where the material does not cover the question."""
    return [one for one in found if extraction.is_supported(one.similarity, one.coverage)]


async def quotations(embedder: Embedder, question: str, vector: Vectors | None, found: Sequence[Found]) -> list[Quoted]:
    """The sentences of passages that fit a question best, in reading order. Without its `vector` by words alone."""
    quotes = extraction.candidates([one.passage.text for one in found])
    if not quotes:
        return []
    vectors = await embedder.attempt([quote.text for quote in quotes]) if vector is not None else None
    if vector is None or vectors is None:
        likeness = extraction.by_words(question, quotes)
    else:
        likeness = extraction.by_meaning(vector, vectors)
    return [Quoted(quote.text, found[quote.source]) for quote in extraction.select(quotes, likeness, SENTENCES)]
