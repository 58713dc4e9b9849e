"""Names, addresses and organisations by a conditional random field over words.

Lafferty, McCallum and Pereira (2001), by CRFsuite. How it was trained, on what, and how well it does is in
docs/SAFETY.md.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import as_file, files

import pycrfsuite

from learning.privacy import patterns
from learning.privacy.features import features
from learning.privacy.gazetteer import Gazetteer
from learning.privacy.kinds import Kind, Span
from learning.privacy.words import Word, words

OUTSIDE = "O"
LEAST_PROBABILITY = 0.4
"""From which probability on a word is taken for personal data: what is missed weighs more than a false alarm."""

_SURE = 0.7
_SUM = re.compile("[=<>\N{DIVISION SIGN}\N{MULTIPLICATION SIGN}\N{SQUARE ROOT}\N{SUPERSCRIPT TWO}]")

FORMED = frozenset({Kind.EMAIL, Kind.URL, Kind.IP, Kind.CARD, Kind.IBAN, Kind.HANDLE})
"""Kinds that patterns find by themselves: to the tagger they are hints about what stands beside them."""


class CrfTagger:
    """The trained tagger. One text at a time; safe to use from several threads."""

    def __init__(self, tagger: pycrfsuite.Tagger, gazetteer: Gazetteer, *, least: float = LEAST_PROBABILITY) -> None:
        self._tagger = tagger
        self._gazetteer = gazetteer
        self._least = least
        self._lock = threading.Lock()
        self._labels: list[str] = list(tagger.labels())

    @classmethod
    def load(cls) -> CrfTagger:
        """The tagger that comes with the package. Reads files."""
        tagger = pycrfsuite.Tagger()
        with as_file(files("learning.privacy") / "model" / "tagger.crfsuite") as path:
            tagger.open(str(path))
        return cls(tagger, Gazetteer.load())

    def tag(self, text: str) -> Sequence[Span]:
        """Spans in a text of a few sentences, without overlaps, in order."""
        tokens = words(text)
        if not tokens:
            return []
        rows = features(tokens, patterns.matches(text), self._gazetteer)
        with self._lock:
            self._tagger.set(pycrfsuite.ItemSequence(rows))
            found = [self._judge(place) for place in range(len(tokens))]
        return _joined(text, tokens, found)

    def _judge(self, place: int) -> tuple[Kind, float, bool] | None:
        inside = 1.0 - self._tagger.marginal(OUTSIDE, place)
        if inside < self._least:
            return None
        shares: dict[str, float] = {}
        begins = 0.0
        for label in self._labels:
            if label != OUTSIDE:
                share = self._tagger.marginal(label, place)
                shares[label[2:]] = shares.get(label[2:], 0.0) + share
                begins += share if label[0] == "B" else 0.0
        return Kind(max(shares, key=lambda kind: shares[kind])), inside, begins > inside / 2


@dataclass
class _Open:
    """A span that may go on."""

    start: int
    end: int
    kind: Kind
    scores: list[float]

    def span(self) -> Span:
        return Span(self.start, self.end, self.kind, round(sum(self.scores) / len(self.scores), 3))


def _joined(text: str, tokens: Sequence[Word], found: Sequence[tuple[Kind, float, bool] | None]) -> list[Span]:
    """Words of a kind beside one another as one span; a place inside an address belongs to it."""
    spans: list[_Open] = []
    for word, judged in zip(tokens, found, strict=True):
        if judged is None or word.text[0] == "\n":
            continue
        kind, score, begins = judged
        last = spans[-1] if spans else None
        if last is not None and _goes_on(text, last, word, kind, begins):
            last.end = word.end
            last.kind = Kind.ADDRESS if Kind.ADDRESS in (kind, last.kind) else last.kind
            last.scores.append(score)
        else:
            spans.append(_Open(word.start, word.end, kind, [score]))
    joined = [span.span() for span in spans]
    return [span for span in joined if _stands(span, text[span.start : span.end])]


def _stands(span: Span, found: str) -> bool:
    """Numbers have digits, a sum is nobody's, a number alone hardly an address, and a name is more than a particle."""
    if _SUM.search(found):
        return False
    if span.kind in (Kind.PHONE, Kind.ID, Kind.CARD):
        return 4 <= sum(map(str.isdecimal, found)) <= 19
    if span.kind is Kind.ADDRESS and sum(map(str.isalpha, found)) < 2:
        return span.score > _SURE and any(map(str.isdecimal, found))
    return any(map(str.isalnum, found)) and not (len(found) <= 3 and found.isascii() and found.islower())


def _goes_on(text: str, last: _Open, word: Word, kind: Kind, begins: bool) -> bool:
    between = text[last.end : word.start]
    if {kind, last.kind} <= {Kind.ADDRESS, Kind.LOCATION} and Kind.ADDRESS in (kind, last.kind):
        return not between.strip(" ,\n")
    # Names beside one another are one person's, more often than two persons'.
    return kind is last.kind and not between.strip() and (kind is Kind.PERSON or not begins)
