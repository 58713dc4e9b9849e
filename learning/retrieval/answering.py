"""Answering from a book in memory, as the tutor of a course does: what is found, read again, quoted or declined."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from learning.embedding import cross_encoder
from learning.embedding.cross_encoder import Logits
from learning.embedding.minilm import Vectors
from learning.retrieval import extraction
from learning.retrieval.chunking import PATH
from learning.retrieval.extraction import Quote
from learning.retrieval.library import Library, Text
from learning.retrieval.ranking import Ranked, read_again

_FOUND, _SENTENCES = 5, 4


class Embeds(Protocol):
    """What makes vectors of texts."""

    def embed(self, texts: Sequence[str]) -> Vectors: ...


class Reads(Protocol):
    """What says how well passages answer a question."""

    def logits(self, question: str, passages: Sequence[str]) -> Logits: ...


@dataclass(frozen=True, slots=True)
class Answer:
    """The passages that are nearest, the best first, and sentences of them, of which each names the place among these;
    no sentence where they do not answer it."""

    found: list[Ranked[int]]
    quotes: list[Quote]


class Book:
    """Passages, with what looks through them. Without a `reader` none is read again, and the ranking stands."""

    def __init__(self, texts: Sequence[Text], library: Library, model: Embeds, reader: Reads | None) -> None:
        self._texts = texts
        self._library = library
        self._model = model
        self._reader = reader

    @property
    def made_by(self) -> str:
        """How answers are made: what chooses sentences, its version, and what reads passages again."""
        return f"extractive-{extraction.VERSION}" + (f"+{cross_encoder.NAME}" if self._reader else "")

    def answer(self, question: str, vector: Vectors) -> Answer:
        """Of a question and its vector of unit length."""
        found = self._found(question, vector)
        quoted = [self._texts[one.candidate.item].text for one in found[: extraction.QUOTED_PASSAGES]]
        quotes = extraction.candidates(quoted)
        likeness = extraction.by_meaning(vector, self._model.embed([quote.text for quote in quotes]))
        pairs = [(one.candidate.similarity, one.candidate.coverage) for one in found]
        signs = extraction.Signs.of(pairs, self._library.around(vector))
        return Answer(found, extraction.answer(quotes, likeness, signs, _SENTENCES))

    def by_words(self, question: str, limit: int) -> list[int]:
        """The places that words alone would find, for comparison."""
        return self._library.by_words(question, limit)

    def _found(self, question: str, vector: Vectors) -> list[Ranked[int]]:
        found = self._library.search(question, vector, _FOUND)
        if self._reader is None:
            return found
        # Further down it finds little, and much that only looks like an answer.
        logits = self._reader.logits(question, [self._shown(one.candidate.item) for one in found])
        return read_again(found, logits.tolist(), _FOUND)

    def _shown(self, place: int) -> str:
        one = self._texts[place]
        return f"{one.heading.split(PATH)[-1]}\n{one.text}"
