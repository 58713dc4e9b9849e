"""How well the statements of a text are supported by sources.

Word overlap finds what was said in the same words, sentence vectors what was said in others; neither sees that a
number, a name or a "not" was changed, so these are compared by themselves. It tells what is *not* supported; it cannot
tell what is true.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from learning.numerals import SMALL
from learning.retrieval.sentences import sentences

Vectors = npt.NDArray[np.float32]
Embed = Callable[[Sequence[str]], Vectors]
"""Texts to rows of unit length (`learning.embedding`)."""

THRESHOLD = 0.55
"""From this score on a statement counts as supported. How it was chosen is in docs/SAFETY.md."""

MAX_SOURCE_SENTENCES = 2_000
_BLOCK = re.compile(r"\n[ \t]*\n|\n(?=[ \t]*(?:[-*#|>]|\d+\.)\s)")
_WORD = re.compile(r"[^\W_]+(?:['\N{RIGHT SINGLE QUOTATION MARK}][^\W_]+)?")
_CITED = re.compile(r"(?<!\w)\[\d{1,2}(?:\s*,\s*\d{1,2})*\]")  # the number of a source, which is no figure
_NUMBER = re.compile(r"(?<![\w.])\d[\d,]*(?:\.\d+)?")
_NAME = re.compile(r"(?<=[\w,;:] )[A-Z][\w'-]{2,}")
_NEGATIONS = frozenset({
    "not", "no", "never", "none", "neither", "nor", "cannot", "without", "nobody", "nothing", "nowhere", "hardly",
    "nicht", "kein",
    "keine", "keinen", "nie", "niemals", "ohne", "pas", "jamais", "aucun", "aucune", "sans", "nunca", "jam\xe1s",
    "ning\xfan", "sin",
})  # fmt: skip
_STOP = frozenset({
    "a", "about", "all", "also", "an", "and", "any", "are", "as", "at", "be", "because", "been", "being", "but", "by",
    "can", "could",
    "did", "do", "does", "for", "from", "had", "has", "have", "he", "her", "his", "how", "i", "if", "in", "into", "is",
    "it", "its",
    "just", "may", "more", "most", "of", "on", "one", "only", "or", "other", "our", "out", "over", "she", "should",
    "so", "some", "such",
    "than", "that", "the", "their", "them", "then", "there", "these", "they", "this", "those", "to", "up", "very",
    "was", "we", "were",
    "what", "when", "where", "which", "while", "who", "why", "will", "with", "would", "you", "your",
})  # fmt: skip


class Mismatch(StrEnum):
    """What a statement has that the passage nearest to it has not."""

    NUMBER = "number"
    NAME = "name"
    NEGATION = "negation"


@dataclass(frozen=True)
class Support:
    """`text[start:end]` is a statement; `score` from 0 to 1 how well it is supported, by which sentence of which source
    (None: there are no sources), and what in it differs.
    """

    start: int
    end: int
    score: float
    source: int | None
    sentence: str
    mismatches: tuple[Mismatch, ...]

    @property
    def supported(self) -> bool:
        return self.score >= THRESHOLD


@dataclass(frozen=True)
class GroundingReport:
    """The statements of a text, in order. Questions and sentences of less than three content words state nothing."""

    statements: tuple[Support, ...]

    @property
    def unsupported(self) -> tuple[Support, ...]:
        return tuple(each for each in self.statements if not each.supported)

    @property
    def share(self) -> float:
        """The share of statements that are supported; 1 where nothing is stated."""
        return 1 - len(self.unsupported) / len(self.statements) if self.statements else 1.0


@dataclass(frozen=True)
class _Passage:
    source: int
    text: str
    stems: frozenset[str]
    wide: frozenset[str]
    """Stems of the sentence with its neighbours."""


class Grounding:
    """Compares texts with sources; `embed` None: by words alone, as in languages that the model does not know."""

    def __init__(self, embed: Embed | None = None) -> None:
        self._embed = embed

    def check(self, text: str, sources: Sequence[str]) -> GroundingReport:
        """Blocks: with vectors, about 12 ms for every sentence of the text and of the sources."""
        text = _CITED.sub(lambda cited: " " * len(cited[0]), text)
        places = [place for place in _places(text) if _states(text[place[0] : place[1]])]
        passages = _passages(sources)
        if not places or not passages:
            return GroundingReport(tuple(Support(start, end, 0.0, None, "", ()) for start, end in places))
        near = self._nearness([text[start:end] for start, end in places], passages)
        known = frozenset().union(*(passage.stems for passage in passages))
        return GroundingReport(tuple(
            _support(text, start, end, passages, near[row], known) for row, (start, end) in enumerate(places)
        ))  # fmt: skip

    def _nearness(self, statements: Sequence[str], passages: Sequence[_Passage]) -> Vectors:
        """The cosine of each statement with each passage; zeros without vectors."""
        if self._embed is None:
            return np.zeros((len(statements), len(passages)), dtype=np.float32)
        left, right = self._embed(statements), self._embed([passage.text for passage in passages])
        return np.asarray(left @ right.T, dtype=np.float32)


def _support(
    text: str, start: int, end: int, passages: Sequence[_Passage], near: Vectors, known: frozenset[str]
) -> Support:
    statement = text[start:end]
    stems = _stems(statement)
    best, best_score = 0, -1.0
    for place, passage in enumerate(passages):
        words = 0.75 * len(stems & passage.stems) / len(stems) + 0.25 * len(stems & passage.wide) / len(stems)
        score = max(words, 0.4 * words + 0.6 * max(0.0, float(near[place])))
        if score > best_score:
            best, best_score = place, score
    passage = passages[best]
    mismatches = _mismatches(statement, passage, known)
    best_score *= 0.5 ** len(mismatches)
    return Support(start, end, round(min(1.0, best_score), 4), passage.source, passage.text, mismatches)


def _mismatches(statement: str, passage: _Passage, known: frozenset[str]) -> tuple[Mismatch, ...]:
    found = []
    if _numbers(statement) - _numbers(passage.text) - passage.wide:
        found.append(Mismatch.NUMBER)
    if any(_stem(name) not in known for name in _NAME.findall(statement)):
        found.append(Mismatch.NAME)
    if (_negated(statement) ^ _negated(passage.text)) & _stems(statement) & passage.stems:
        found.append(Mismatch.NEGATION)
    return tuple(found)


def _passages(sources: Sequence[str]) -> list[_Passage]:
    passages: list[_Passage] = []
    for source, text in enumerate(sources):
        parts = _BLOCK.split(text)
        found = [sentence for part in parts for sentence in sentences(part) if _stems(sentence)]
        stems = [_stems(sentence) for sentence in found]
        for place, sentence in enumerate(found):
            wide = frozenset().union(*stems[max(0, place - 1) : place + 2])
            passages.append(_Passage(source, sentence, stems[place], wide))
    return passages[:MAX_SOURCE_SENTENCES]


def _places(text: str) -> list[tuple[int, int]]:
    places, at = [], 0
    for sentence in sentences(text):
        match = re.compile(r"\s+".join(map(re.escape, sentence.split()))).search(text, at)
        if match is not None:
            places.append((match.start(), match.end()))
            at = match.end()
    return places


def _states(sentence: str) -> bool:
    return not sentence.rstrip("\"')").endswith("?") and len(_stems(sentence)) >= 3


@lru_cache(maxsize=4_096)
def _negated(text: str) -> frozenset[str]:
    """The stems of the words that come next after a negation."""
    found, denied = set(), False
    for word in map(str.casefold, _WORD.findall(text)):
        if word in _NEGATIONS or word.endswith(("n't", "n\N{RIGHT SINGLE QUOTATION MARK}t")):
            denied = True
        elif denied and word not in _STOP:
            found.add(_stem(word))
            denied = False
    return frozenset(found)


@lru_cache(maxsize=4_096)
def _numbers(text: str) -> frozenset[str]:
    digits = {number.replace(",", "").rstrip(".") for number in _NUMBER.findall(text)}
    words = {SMALL[word] for word in map(str.casefold, _WORD.findall(text)) if word in SMALL and word != "one"}
    return frozenset(digits | words)


@lru_cache(maxsize=4_096)
def _stems(text: str) -> frozenset[str]:
    words = (word.casefold() for word in _WORD.findall(unicodedata.normalize("NFKC", text)))
    return frozenset(_stem(word) for word in words if word not in _STOP and word not in _NEGATIONS)


def _stem(word: str) -> str:
    """The word without its ending, roughly: enough to meet plurals and tenses."""
    word = word.casefold().split("'")[0].split("\N{RIGHT SINGLE QUOTATION MARK}")[0]
    if word in SMALL:
        return SMALL[word]
    for ending in ("ations", "ation", "ingly", "ings", "ing", "edly", "ies", "ed", "es", "ly", "s", "e", "y"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word
