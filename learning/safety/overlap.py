"""Passages that a text shares word for word with protected content.

Winnowing: Schleimer, Wilkerson and Aiken, "Winnowing: local algorithms for document fingerprinting" (SIGMOD 2003).
Of every `WINDOW` neighbouring runs of `GRAM` words of the protected content the one with the least hash is kept; all
runs of a text are looked up. So of any shared passage all but at most `WINDOW - 1` words at either end are found,
wherever it begins, whatever is around it.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b

GRAM = 6
WINDOW = 4
GUARANTEED = GRAM + WINDOW - 1
"""The number of words from which on a shared passage has a fingerprint for certain."""

THRESHOLD_WORDS = 18
"""From so many words found on a passage counts as copied: one of 24 words always does, one of 17 never. A sentence may
be quoted, a paragraph may not."""

_GAP = GRAM + WINDOW
"""How many words further the next fingerprint of one passage may be: one word may have been changed in between."""

_WORD = re.compile(r"[^\W_]+")
_MAX_WORD = 64


@dataclass(frozen=True)
class Overlap:
    """`text[start:end]` stands word for word in the source `source`; `words` is how many words that is at least."""

    start: int
    end: int
    source: str
    words: int


@dataclass(frozen=True)
class _Print:
    """The hash of a run of words that begins at word `place` of the text, and where it stands."""

    value: int
    place: int
    start: int
    end: int


class _Grams:
    """Hashes every run of words, as words come."""

    def __init__(self) -> None:
        self._words: deque[tuple[str, int]] = deque(maxlen=GRAM)
        self._count = 0

    def word(self, text: str, start: int, end: int) -> _Print | None:
        """A word came; gives the run that ends with it."""
        self._words.append((text.casefold(), start))
        self._count += 1
        if len(self._words) < GRAM:
            return None
        digest = blake2b(" ".join(word for word, _ in self._words).encode(), digest_size=8).digest()
        value = int.from_bytes(digest, "big") >> 1  # fits PostgreSQL's bigint
        return _Print(value, self._count - GRAM, self._words[0][1], end)


def _winnowed(text: str) -> Iterator[int]:
    """The hashes to keep of a text; of one that has no full window, the least it has."""
    grams, window, kept = _Grams(), deque[_Print](maxlen=WINDOW), -1
    for match in _WORD.finditer(text):
        if (gram := grams.word(match[0], match.start(), match.end())) is None:
            continue
        window.append(gram)
        least = min(window, key=lambda each: (each.value, -each.place))
        if len(window) == WINDOW and least.place != kept:
            kept = least.place
            yield least.value
    if window and kept < 0:
        yield min(each.value for each in window)


@dataclass
class Fingerprints:
    """The fingerprints of protected texts: a hash to the sources that have it."""

    sources: dict[int, set[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, texts: Mapping[str, str]) -> Fingerprints:
        """Fingerprints of texts by the names of their sources."""
        prints = cls()
        for source, text in texts.items():
            prints.add(source, text)
        return prints

    @classmethod
    def from_rows(cls, rows: Iterable[tuple[int, str]]) -> Fingerprints:
        """From what `rows` gave: to be kept in a store."""
        prints = cls()
        for value, source in rows:
            prints.sources.setdefault(value, set()).add(source)
        return prints

    def rows(self) -> Iterator[tuple[int, str]]:
        """A hash that fits a signed 64-bit integer, and a source."""
        return ((value, source) for value in sorted(self.sources) for source in sorted(self.sources[value]))

    def add(self, source: str, text: str) -> None:
        for value in _winnowed(text):
            self.sources.setdefault(value, set()).add(source)

    def find(self, text: str, *, least_words: int = THRESHOLD_WORDS) -> tuple[Overlap, ...]:
        """Shared passages of at least so many words, in order, those of different sources apart."""
        stream = OverlapStream(self, least_words=least_words)
        return tuple(sorted([*stream.feed(text), *stream.end()], key=lambda each: (each.start, each.source)))


@dataclass
class _Run:
    """Fingerprints of one source, one after the other."""

    first: _Print
    last: _Print

    def grows(self, by: _Print) -> bool:
        return by.place - self.last.place <= _GAP

    @property
    def words(self) -> int:
        return self.last.place + GRAM - self.first.place

    def overlap(self, source: str) -> Overlap:
        return Overlap(self.first.start, self.last.end, source, self.words)


class OverlapStream:
    """Finds shared passages in a text that arrives in pieces: the same ones as in the whole.

    A passage is reported when it is over; `copying` says at any time how many words the longest open one has, so that
    an answer can be stopped while it is being given.
    """

    def __init__(self, fingerprints: Fingerprints, *, least_words: int = THRESHOLD_WORDS) -> None:
        self._fingerprints = fingerprints
        self._least = least_words
        self._grams = _Grams()
        self._open: dict[str, _Run] = {}
        self._held = ""
        self._length = 0

    @property
    def copying(self) -> int:
        return max((run.words for run in self._open.values()), default=0)

    def feed(self, text: str) -> list[Overlap]:
        """Some text arrived; gives the passages that are over."""
        self._held += text
        # A word that reaches the end may go on.
        complete = len(self._held)
        while complete and (self._held[complete - 1].isalnum() and len(self._held) - complete < _MAX_WORD):
            complete -= 1
        return self._take(complete)

    def end(self) -> list[Overlap]:
        """Nothing more arrives; gives the passages that were open."""
        found = self._take(len(self._held))
        found += [run.overlap(source) for source, run in self._open.items()]
        self._open = {}
        return [each for each in found if each.words >= self._least]

    def _take(self, length: int) -> list[Overlap]:
        found: list[Overlap] = []
        for match in _WORD.finditer(self._held, 0, length):
            at = self._length
            gram = self._grams.word(match[0], at + match.start(), at + match.end())
            if gram is not None:
                found += self._meet(gram)
        self._held = self._held[length:]
        self._length += length
        return [each for each in found if each.words >= self._least]

    def _meet(self, gram: _Print) -> list[Overlap]:
        over = [source for source, run in self._open.items() if not run.grows(gram)]
        found = [self._open.pop(source).overlap(source) for source in over]
        for source in self._fingerprints.sources.get(gram.value, ()):
            if source in self._open:
                self._open[source].last = gram
            else:
                self._open[source] = _Run(gram, gram)
        return found
