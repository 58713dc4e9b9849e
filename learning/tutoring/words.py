"""A text as keys of quizzes are looked for in it: its words by their stems, and its numbers, each with where it stands.

One word has many forms: plurals and tenses, digits and number words, letters and signs that Unicode has more than one
of, and marks in it that nobody sees. Whoever reads one form has read them all.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from learning.grading.words import stem
from learning.numerals import NUMBERS, QUANTITIES

Span = tuple[int, int]

# Letters and digits are words of their own: a footnote's number belongs to no word, and CO2 may be written with a gap.
_WORD = re.compile(r"([^\W\d_]{3,}+)['\N{RIGHT SINGLE QUOTATION MARK}]s\b|[^\W\d_]+|\d{1,3}(?:,\d{3})+(?!\d)|\d+")
_SHORTEST_STEMMED = 4  # "its" is no form of "it"
# "One" tells a number only within a longer one: it is in every other sentence.
_NUMERAL = "(?:" + "|".join((*(word for word in NUMBERS if word != "one"), *QUANTITIES)) + ")s?"
_NUMBER = re.compile(
    r"\d+(?:[.,]\d+)*"
    rf"|(?<![^\W\d_])(?:one[\s-]+)?{_NUMERAL}(?:[\s-]+(?:and\s+)?(?:one|{_NUMERAL}))*(?![^\W\d_])",
    re.IGNORECASE,
)
_MARKS, _UNSEEN = frozenset({"Mn", "Mc", "Me"}), "Cf"


class Word(NamedTuple):
    """`text[start:end]` is a word with this stem."""

    stem: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Read:
    """`line`: the stems of all words between spaces; `stems`: the distinct ones; `numbers`: where any stand."""

    words: tuple[Word, ...]
    line: str
    stems: frozenset[str]
    numbers: tuple[Span, ...]

    def places(self, key: Key) -> list[Span]:
        """Where a key stands, whatever is between its words."""
        if key.line not in self.line:
            return []
        stems, length = [word.stem for word in self.words], len(key.stems)
        return [
            (self.words[at].start, self.words[at + length - 1].end)
            for at in range(len(stems) - length + 1)
            if stems[at : at + length] == key.stems
        ]


class Key(NamedTuple):
    """What is looked for: stems in their order, and as a line of `Read`."""

    stems: list[str]
    distinct: frozenset[str]
    line: str


@lru_cache(64)  # one text is held against many keys in a row
def read(text: str) -> Read:
    """A text, to look for keys in it."""
    plain, starts, ends = _normalized(text)

    def span(found: re.Match[str]) -> Span:
        return starts[found.start()], ends[found.end() - 1]

    words = tuple(Word(_stem(found[1] or found[0]), *span(found)) for found in _WORD.finditer(plain))
    stems = [word.stem for word in words]
    return Read(words, _line(stems), frozenset(stems), tuple(map(span, _NUMBER.finditer(plain))))


@lru_cache(4_096)
def keys(texts: tuple[str, ...]) -> tuple[Key, ...]:
    """The keys of a question, but for those without a word."""
    stems = ([word.stem for word in read(text).words] for text in texts)
    return tuple(Key(some, frozenset(some), _line(some)) for some in stems if some)


def is_number(text: str) -> bool:
    """Whether a text is one number and nothing else."""
    words = read(text).words
    return len(words) == 1 and words[0].stem.isdigit()


def _line(stems: Sequence[str]) -> str:
    return f" {' '.join(stems)} "


def _stem(word: str) -> str:
    word = word.casefold().replace(",", "")
    return NUMBERS.get(word) or (stem(word) if len(word) >= _SHORTEST_STEMMED else word)


def _normalized(text: str) -> tuple[str, Sequence[int], Sequence[int]]:
    """The text in NFKC without what nobody sees, and where in the original each of its characters begins and ends."""
    if text.isascii() or (unicodedata.is_normalized("NFKC", text) and not any(map(_is_unseen, set(text)))):
        return text, range(len(text)), range(1, len(text) + 1)
    parts: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    start = 0
    while start < len(text):
        end = start + 1
        while end < len(text) and (unicodedata.category(text[end]) in _MARKS or _is_unseen(text[end])):
            end += 1
        seen = _seen(text[start:end])
        parts.append(seen)
        starts += [start] * len(seen)
        ends += [end] * len(seen)
        start = end
    return "".join(parts), starts, ends


def _seen(character: str) -> str:
    """A character with all that belongs to it, in NFKC. What a sign stands for is a word by itself: a trademark's."""
    if character.isascii():
        return character
    kept = "".join(one for one in character if not _is_unseen(one))
    seen = unicodedata.normalize("NFKC", kept)
    return seen if seen == kept or kept[0].isalnum() else f" {seen} "


def _is_unseen(character: str) -> bool:
    return unicodedata.category(character) == _UNSEEN
