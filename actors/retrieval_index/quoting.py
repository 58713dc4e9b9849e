"""From passages that were found to the sentences that answer. Free of Ray, as searching is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from actors.retrieval_index.search import Found
from learning.embedding.embedder import Embedder
from learning.embedding.minilm import Vectors
from learning.retrieval import extraction
from learning.retrieval.extraction import Quote
from learning.retrieval.sentence_vectors import unpacked

SENTENCES = 4
_MOST_EMBEDDED = 8


class Quoted(NamedTuple):
    """A sentence, and the passage that it stands in."""

    text: str
    found: Found


async def quotations(embedder: Embedder, question: str, vector: Vectors | None, found: Sequence[Found]) -> list[Quoted]:
    """The sentences of passages that fit a question best, in reading order; none where they do not answer it. Without
    its `vector` by words alone, and where no passage has one: it waits to be embedded, or is in another language."""
    near = [one for one in found if extraction.is_supported(one.similarity, one.coverage)][: extraction.QUOTED_PASSAGES]
    quotes = extraction.candidates([one.passage.text for one in near])
    vectors = None
    if not quotes:
        return []
    if vector is not None and any(one.similarity is not None for one in found):
        quotes, vectors = await _with_vectors(embedder, question, quotes, near)
    if vector is None or vectors is None:
        chosen = extraction.select(quotes, extraction.by_words(question, quotes), SENTENCES)
    else:
        signs = extraction.Signs.of([(one.similarity, one.coverage) for one in found], near[0].around)
        chosen = extraction.answer(quotes, extraction.by_meaning(vector, vectors), signs, SENTENCES)
    return [Quoted(quote.text, near[quote.source]) for quote in chosen]


async def _with_vectors(
    embedder: Embedder, question: str, quotes: list[Quote], found: Sequence[Found]
) -> tuple[list[Quote], Vectors | None]:
    """Candidates with their vectors (n, d): those that are stored, and of the others a few that have most of the
    question's words, since somebody waits while those are embedded."""
    known: dict[str, Vectors] = {}
    for one in found:
        sentences = extraction.candidates([one.passage.text])
        if (vectors := unpacked(one.passage.sentences, len(sentences))) is not None:
            known.update(zip((quote.text for quote in sentences), vectors, strict=True))
    missing = [quote for quote in quotes if quote.text not in known]
    if missing:
        fit = extraction.by_words(question, missing).to_question
        missing = [missing[place] for place in np.argsort(-fit, kind="stable")[:_MOST_EMBEDDED]]
        made = await embedder.attempt([quote.text for quote in missing])
        if made is None:
            return quotes, None
        known.update(zip((quote.text for quote in missing), made, strict=True))
    kept = [quote for quote in quotes if quote.text in known]
    return kept, np.stack([known[quote.text] for quote in kept]) if kept else None
