"""Passages that a text shares word for word with protected content.

Winnowing: Schleimer, Wilkerson and Aiken, "Winnowing: local algorithms for document fingerprinting" (SIGMOD 2003). Of
every window of `window` hashes of `gram` words the least is kept, so that any shared passage of at least
`window + gram - 1` words has a fingerprint in common, wherever it begins, whatever is around it.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b

GRAM = 6
WINDOW = 7
GUARANTEED = GRAM + WINDOW - 1
"""The number of words from which on a shared passage is found for certain."""

THRESHOLD_WORDS = 24
"""From so many words on a passage counts as copied: a sentence may be quoted, a paragraph may not."""

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
    """A kept hash: the gram that begins at word `place` of the text, and where it stands."""

    value: int
    place: int
    start: int
    end: int


class _Winnower:
    """Keeps the least hash of every window, as words come. Equal hashes: the last one."""

    def __init__(self) -> None:
        self._words: deque[tuple[str, int, int]] = deque(maxlen=GRAM)
        self._hashes: deque[_Print] = deque(maxlen=WINDOW)
        self._kept: int | None = None
        self._count = 0

    def word(self, text: str, start: int, end: int) -> _Print | None:
        """A word came; gives the print to keep, if it is a new one."""
        self._words.append((text.casefold(), start, end))
        self._count += 1
        if len(self._words) < GRAM:
            return None
        digest = blake2b(" ".join(word for word, _, _ in self._words).encode(), digest_size=8).digest()
        value = int.from_bytes(digest, "big") >> 1  # fits PostgreSQL's bigint
        self._hashes.append(_Print(value, self._count - GRAM, self._words[0][1], end))
        return self._least() if len(self._hashes) == WINDOW else None

    def rest(self) -> _Print | None:
        """The text is over; gives the print of a text too short for a window."""
        return self._least() if self._hashes and self._kept is None else None

    def _least(self) -> _Print | None:
        least = min(self._hashes, key=lambda each: (each.value, -each.place))
        if least.place == self._kept:
            return None
        self._kept = least.place
        return least


def _winnowed(text: str) -> Iterator[_Print]:
    winnower = _Winnower()
    for match in _WORD.finditer(text):
        if (kept := winnower.word(match[0], match.start(), match.end())) is not None:
            yield kept
    if (kept := winnower.rest()) is not None:
        yield kept


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
        for each in _winnowed(text):
            self.sources.setdefault(each.value, set()).add(source)

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
        # Two prints of one passage are at most a window apart.
        return by.place - self.last.place <= WINDOW

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
        self._winnower = _Winnower()
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
        if (kept := self._winnower.rest()) is not None:
            found += self._meet(kept)
        found += [run.overlap(source) for source, run in self._open.items()]
        self._open = {}
        return [each for each in found if each.words >= self._least]

    def _take(self, length: int) -> list[Overlap]:
        found: list[Overlap] = []
        for match in _WORD.finditer(self._held, 0, length):
            at = self._length
            kept = self._winnower.word(match[0], at + match.start(), at + match.end())
            if kept is not None:
                found += self._meet(kept)
        self._held = self._held[length:]
        self._length += length
        return [each for each in found if each.words >= self._least]

    def _meet(self, kept: _Print) -> list[Overlap]:
        over = [source for source, run in self._open.items() if not run.grows(kept)]
        found = [self._open.pop(source).overlap(source) for source in over]
        for source in self._fingerprints.sources.get(kept.value, ()):
            if source in self._open:
                self._open[source].last = kept
            else:
                self._open[source] = _Run(kept, kept)
        return found
