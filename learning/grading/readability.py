"""How hard a text is to read, and how it is built. English."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from learning.grading.words import words
from learning.retrieval.sentences import sentences

_VOWELS = re.compile(r"[aeiouy]+")
_SILENT = re.compile(r"(?:[^laeiouy]es|[^aeiouydt]ed|[^laeiouy]e)$")
LONG_SENTENCE = 35  # words


@dataclass(frozen=True, slots=True, kw_only=True)
class Readability:
    """Figures of a text. `ease` is Flesch's (1948): 100 very easy, 60 plain, 30 hard; `grade` that of Kincaid and
    others (1975): the years of school in the United States."""

    words: int
    sentences: int
    long_sentences: int
    ease: float
    grade: float
    distinct_share: float  # of words, over windows of a hundred, so that length does not matter


@lru_cache(65_536)
def syllables(word: str) -> int:
    """Groups of vowels, without a silent ending; at least one. Right for nine of ten English words."""
    return max(1, len(_VOWELS.findall(word)) - bool(_SILENT.search(word)))


def readability(text: str) -> Readability:
    """The figures of a text; an empty one is as easy as can be."""
    found = [words(sentence) for paragraph in paragraphs(text) for sentence in sentences(paragraph)]
    found = [sentence for sentence in found if sentence]
    flat = [word for sentence in found for word in sentence]
    if not flat:
        return Readability(words=0, sentences=0, long_sentences=0, ease=100.0, grade=0.0, distinct_share=1.0)
    per_sentence = len(flat) / len(found)
    per_word = sum(map(syllables, flat)) / len(flat)
    return Readability(
        words=len(flat),
        sentences=len(found),
        long_sentences=sum(len(sentence) > LONG_SENTENCE for sentence in found),
        ease=206.835 - 1.015 * per_sentence - 84.6 * per_word,
        grade=0.39 * per_sentence + 11.8 * per_word - 15.59,
        distinct_share=_distinct(flat),
    )


def paragraphs(text: str) -> list[str]:
    """The paragraphs of a text, without what is empty."""
    return [part.strip() for part in re.split(r"\n\s*\n", text) if part.strip()]


def _distinct(flat: list[str]) -> float:
    windows = [flat[at : at + 100] for at in range(0, max(len(flat) - 99, 1), 100)]
    return sum(len(set(window)) / len(window) for window in windows) / len(windows)
