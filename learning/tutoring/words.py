"""A text as keys of quizzes are looked for in it: its words by their stems, and its numbers, each with where it stands.

One word has many forms: plurals and tenses, digits and number words, letters and signs that Unicode has more than one
of, and marks in it that nobody sees. Whoever reads one form has read them all.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from learning.grading.words import stem
from learning.numerals import MULTIPLIERS, NUMBERS, QUANTITIES, compounds

Span = tuple[int, int]

# Letters and digits are words of their own: a footnote's number belongs to no word, and CO2 may be written with a gap.
_WORD = re.compile(r"([^\W\d_]{3,}+)['\N{RIGHT SINGLE QUOTATION MARK}][sS]\b|[^\W\d_]+|\d+")
_GROUPED = re.compile(r"(?<!\d)\d{1,3}(?:,\d{3})+(?!\d)")
_SHORTEST_STEMMED = 4  # "its" is no form of "it"
# "One" tells a number only within a longer one: it is in every other sentence.
_NUMERAL = "(?:" + "|".join((*(word for word in NUMBERS if word != "one"), *QUANTITIES)) + ")s?"
_GAP = r"[\s\N{HYPHEN}-]+"
_FIGURE = re.compile(r"\d+(?:[.,]\d+)*")
_NUMBER = re.compile(
    rf"{_FIGURE.pattern}|(?<![^\W\d_])(?:one{_GAP})?{_NUMERAL}(?:{_GAP}(?:and\s+)?(?:one|{_NUMERAL}))*(?![^\W\d_])",
    re.IGNORECASE,
)
# In ASCII: elsewhere there are letters that match some of these without case, and make no word of `NUMBERS`.
_COUNTED, _MULTIPLIER = (f"(?ai:{'|'.join(words)})" for words in (NUMBERS, MULTIPLIERS))
_BEHIND_A_MULTIPLIER = "(?:" + "|".join(f"(?<=(?ai:{word}))" for word in MULTIPLIERS) + ")"
_AND = rf"{_BEHIND_A_MULTIPLIER}\s+(?ai:and)\s+(?!{_MULTIPLIER})"
_COUNTED_WORD = re.compile(rf"(?<![^\W\d_]){_COUNTED}(?![^\W\d_])")
_COMPOUND = re.compile(rf"(?<![^\W\d_]){_COUNTED}(?:(?:{_GAP}|{_AND}){_COUNTED})*(?![^\W\d_])")
_MARKS, _UNSEEN = frozenset({"Mn", "Mc", "Me"}), "Cf"


class Word(NamedTuple):
    """`text[start:end]` is a word with this stem."""

    stem: str
    start: int
    end: int


class Amount(NamedTuple):
    """`text[start:end]` may tell a number of this value."""

    value: Decimal
    start: int
    end: int


class Reading(NamedTuple):
    """`line`: the stems of all words between spaces; `stems`: the distinct ones."""

    words: tuple[Word, ...]
    line: str
    stems: frozenset[str]

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


@dataclass(frozen=True, slots=True)
class Read:
    """`readings`: 1,234 may be one number or a pair, and "forty-two" be about forty; `numbers`: where any stand;
    `amounts`: what they may come to, and a lone "one" too, from the least on."""

    readings: tuple[Reading, ...]
    numbers: tuple[Span, ...]
    amounts: tuple[Amount, ...]

    def places(self, key: Key) -> list[Span]:
        """Where a key stands in any of the readings."""
        return [place for reading in self.readings for place in reading.places(key)]

    def between(self, least: Decimal, most: Decimal) -> list[Span]:
        """Where a number stands that may be from `least` to `most`."""
        first = bisect_left(self.amounts, least, key=_value)
        end = bisect_right(self.amounts, most, key=_value)
        return [(amount.start, amount.end) for amount in self.amounts[first:end]]


class Key(NamedTuple):
    """What is looked for: stems in their order, and as a line of a `Reading`."""

    stems: list[str]
    distinct: frozenset[str]
    line: str


@lru_cache(512)  # one text is held against many keys in a row, and is asked about again
def read(text: str) -> Read:
    """A text, to look for keys in it."""
    plain, starts, ends = _normalized(text)

    def span(start: int, end: int) -> Span:
        return starts[start], ends[end - 1]

    def reading(words: Iterable[Word]) -> Reading:
        placed = tuple(Word(word.stem, *span(word.start, word.end)) for word in words)
        stems = [word.stem for word in placed]
        return Reading(placed, _line(stems), frozenset(stems))

    apart = [Word(_stem(found[1] or found[0]), *found.span()) for found in _WORD.finditer(plain)]
    grouped = [Word(found[0].replace(",", ""), *found.span()) for found in _GROUPED.finditer(plain)]
    told = list(_compounds(plain))
    together = _together(apart, [*grouped, *told])
    readings = [reading(words) for words in ((apart,) if together == apart else (apart, together))]
    numbers = (span(*found.span()) for found in _NUMBER.finditer(plain))
    amounts = (Amount(value, *span(start, end)) for value, start, end in _amounts(plain, told))
    return Read(tuple(readings), tuple(numbers), tuple(sorted(amounts)))


@lru_cache(4_096)
def keys(texts: tuple[str, ...]) -> tuple[Key, ...]:
    """The keys of a question in each of their readings, but for those without a word."""
    return tuple(
        Key([word.stem for word in reading.words], reading.stems, reading.line)
        for text in texts
        for reading in read(text).readings
        if reading.words
    )


def is_number(text: str) -> bool:
    """Whether a text is one number and nothing else, however it is read."""
    return all(len(one.words) == 1 and one.words[0].stem.isdigit() for one in read(text).readings)


def _compounds(plain: str) -> Iterator[Word]:
    """The numbers that are told in words."""
    for run in _COMPOUND.finditer(plain):
        words = list(_COUNTED_WORD.finditer(plain, *run.span()))
        for digits, first, end in compounds([word[0].casefold() for word in words]):
            yield Word(digits, words[first].start(), words[end - 1].end())


def _amounts(plain: str, told: Iterable[Word]) -> Iterator[Amount]:
    """What the numbers come to, in figures or `told` in words: each with either sign, for a hyphen looks like one."""
    figures = ((figure, *found.span()) for found in _FIGURE.finditer(plain) for figure in _decimals(found[0]))
    for figure, start, end in (*figures, *told):
        value = Decimal(figure)
        yield Amount(value, start, end)
        yield Amount(value.copy_negate(), start, end)


def _decimals(figure: str) -> Iterator[str]:
    """What a figure may be: a comma groups digits, is a decimal point, or stands between two numbers."""
    joined = _GROUPED.sub(lambda found: found[0].replace(",", ""), figure)
    point = figure.replace(",", ".")
    return (one for one in {point, *joined.split(","), *figure.split(",")} if one.count(".") <= 1)


def _value(amount: Amount) -> Decimal:
    return amount.value


def _together(apart: Iterable[Word], numbers: Sequence[Word]) -> list[Word]:
    """The words in their order, those that make up a number replaced by it."""
    covered = {at for number in numbers for at in range(number.start, number.end)}
    return sorted([*numbers, *(word for word in apart if word.start not in covered)], key=lambda word: word.start)


def _line(stems: Sequence[str]) -> str:
    return f" {' '.join(stems)} "


def _stem(word: str) -> str:
    word = word.casefold()
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
