"""Signs that a text gives orders to the model that reads it.

A sieve, not a wall: what untrusted text can do is bounded by the plan that was fixed before it was read. The signs tell
people and the governor that somebody has tried. What they find and miss is in docs/SAFETY.md.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from learning.safety.gates import Gates
from learning.safety.injection_signals import ABOUT, ASKING, RULES
from learning.safety.plain import Plain, plain, spaced_out
from learning.safety.weighing import Weights, sentences, signs, weights, windows

THRESHOLD = 0.5
"""From this score on a text is flagged."""

MAX_LENGTH = 200_000
"""Characters that are looked at; whoever reads longer texts cuts them."""

_QUOTED = re.compile(
    r"\"[^\"\n]{1,300}\"|(?<!\w)'[^'\n]{3,300}'(?!\w)|`[^`\n]{1,300}`"
    "|\N{LEFT DOUBLE QUOTATION MARK}[^\N{RIGHT DOUBLE QUOTATION MARK}\n]{1,300}\N{RIGHT DOUBLE QUOTATION MARK}"
    "|\N{LEFT SINGLE QUOTATION MARK}[^\N{RIGHT SINGLE QUOTATION MARK}\n]{3,300}\N{RIGHT SINGLE QUOTATION MARK}"
    '|\xab[^\xbb\n]{1,300}\xbb|\N{DOUBLE LOW-9 QUOTATION MARK}[^"\N{LEFT DOUBLE QUOTATION MARK}\n]{1,300}'
    '["\N{LEFT DOUBLE QUOTATION MARK}]'
)
_SENTENCE_END = re.compile(r"[.!?\n]")
_BASE64 = re.compile(r"(?<![\w+/=])[A-Za-z0-9+/]{24,4000}={0,2}(?![\w+/=])")
_BITS = re.compile(r"(?:[01]{8}[ ,]?){4,500}")
_PADDING = re.compile(r"(\S{1,12})(?:\s{0,3}\1){24,}")
_MENTIONED = 0.35
"""What is left of a sign's weight where the text speaks about such phrases and has it in quotation marks."""

_ASKED = 0.6
"""What is left of it where it is in a question about such phrases."""

_HIDING = frozenset({"encoded", "spaced", "hidden", "padding"})
"""Families about how a text is written: words say nothing about them."""

_GATES = Gates([rule.pattern for rule in RULES])
_LONG_WORD = re.compile(r"\S{24}")
_REPEATED_CHARACTERS = 12
"""The longest unit that `_PADDING` looks for."""


@dataclass(frozen=True)
class Signal:
    """A sign: `text[start:end]` is of this family; `weight` is how sure it is by itself."""

    start: int
    end: int
    family: str
    weight: float


@dataclass(frozen=True)
class InjectionReport:
    """`score` from 0 to 1: how likely the likeliest sentence gives orders, by its words and the signs in it."""

    score: float
    signals: tuple[Signal, ...]

    @property
    def flagged(self) -> bool:
        return self.score >= THRESHOLD

    @property
    def families(self) -> frozenset[str]:
        return frozenset(signal.family for signal in self.signals)


def examine(text: str) -> InjectionReport:
    """The signs in a text, in order, and how likely it gives orders. Blocks for about a millisecond a page."""
    text = text[:MAX_LENGTH]
    read = plain(text)
    found = signals(text, read)
    hiding = [signal for signal in found if signal.family in _HIDING]
    telling = [signal for signal in found if signal.family not in _HIDING]
    return InjectionReport(max(together(hiding), round(_likeliest(read, telling, weights()), 4)), found)


def signals(text: str, read: Plain) -> tuple[Signal, ...]:
    """The signs in a text by rules alone, in order; `read` is how it reads."""
    found = set(_discounted(text, _found(read)))
    return tuple(sorted(found, key=lambda signal: (signal.start, signal.end, signal.family)))


def _likeliest(read: Plain, found: Sequence[Signal], by: Weights) -> float:
    """The probability of the likeliest window of sentences."""
    places = sentences(read.text)
    known = [by.known(read.text[start:end]) for start, end in places]
    inside = _by_sentence([read.original(start, end) for start, end in places], found)
    best = 0.0
    for window in windows(len(places)):
        seen = known[window[0]].union(*(known[number] for number in window[1:]))
        marks = [signal for number in window for signal in inside[number]]
        best = max(best, by.probability(seen, signs(strongest(marks), together(marks)) if marks else {}))
    return best


def _by_sentence(places: Sequence[tuple[int, int]], found: Sequence[Signal]) -> list[list[Signal]]:
    """The signs in each sentence, of each family the strongest: a text may hold as many signs as sentences."""
    inside: list[dict[str, Signal]] = [{} for _ in places]
    ends = [end for _, end in places]
    for signal in found:
        number = bisect_right(ends, signal.start)
        while number < len(places) and places[number][0] < signal.end:
            best = inside[number].get(signal.family)
            if best is None or best.weight < signal.weight:
                inside[number][signal.family] = signal
            number += 1
    return [list(each.values()) for each in inside]


def strongest(found: Iterable[Signal]) -> dict[str, float]:
    """The weight of each family's strongest sign."""
    best: dict[str, float] = {}
    for signal in found:
        best[signal.family] = max(best.get(signal.family, 0.0), signal.weight)
    return best


def together(found: Iterable[Signal]) -> float:
    """The chance that not every family of signs is a mistake, were they independent."""
    return round(1.0 - math.prod(1.0 - weight for weight in strongest(found).values()), 4)


def _found(read: Plain) -> Iterator[Signal]:
    """Signs with positions in the original text."""
    for start, end, family, weight in [*_by_rules(read.text), *_hidden_texts(read.text)]:
        if start < end:
            yield Signal(*read.original(start, end), family, weight)
    if read.hidden > 3:
        yield Signal(0, 1, "hidden", 0.5 if read.hidden > 12 else 0.25)


def _by_rules(text: str) -> Iterator[tuple[int, int, str, float]]:
    for number in _GATES.open(text):
        rule = RULES[number]
        for match in rule.pattern.finditer(text):
            yield match.start(), match.end(), rule.family, rule.weight


def _hidden_texts(text: str) -> Iterator[tuple[int, int, str, float]]:
    """Orders in an encoding that models read, and padding that drowns out what stands before."""
    for match in _PADDING.finditer(text) if _may_be_padded(text) else ():
        if re.search(r"\w|[^\s.\-_=*#~]", match[1]):
            yield match.start(), match.end(), "padding", 0.45
    for match in _BASE64.finditer(text) if _LONG_WORD.search(text) else ():
        if (hidden := _decoded(match[0])) is not None:
            weight = max([0.1, *(each[3] for each in _by_rules(hidden))])
            yield match.start(), match.end(), "encoded", min(0.9, weight + 0.2)
    for match in _BITS.finditer(text):
        yield match.start(), match.end(), "encoded", 0.3
    spaced = list(spaced_out(text))
    if spaced and any(_by_rules(" ".join(word for _, _, word in spaced))):
        yield spaced[0][0], spaced[-1][1], "spaced", 0.7


def _may_be_padded(text: str) -> bool:
    """Whether some dozen characters stand once more within the next: in 25 repetitions of a unit, any dozen does."""
    tight = "".join(text.split())
    size = _REPEATED_CHARACTERS
    return any(
        tight.find(tight[place : place + size], place + 1, place + 2 * size) >= 0
        for place in range(0, len(tight) - size, size)
    )


def _decoded(text: str) -> str | None:
    """What a base64 text says, if it says something that can be read."""
    try:
        read = base64.b64decode(text + "=" * (-len(text) % 4), validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return read if read.isprintable() and " " in read else None


def _discounted(text: str, signals: Iterable[Signal]) -> Iterator[Signal]:
    """Signs that are quoted in a text about such signs weigh less, and so do those in a question about them: a student
    may ask what they mean.
    """
    if not (signals := list(signals)):  # as in nearly every text
        return
    quoted = [(match.start(), match.end()) for match in _QUOTED.finditer(text)]
    about = ABOUT.search(text) is not None
    for signal in signals:
        share = 1.0
        if signal.family not in ("markup", "hidden", "padding"):
            if about and any(start < signal.start and signal.end <= end for start, end in quoted):
                share = _MENTIONED
            elif _is_question_about(text, signal):
                share = _ASKED
        yield Signal(signal.start, signal.end, signal.family, round(signal.weight * share, 4))


def _is_question_about(text: str, signal: Signal) -> bool:
    start = max(text.rfind(mark, 0, signal.start) for mark in ".!?\n") + 1
    end = _SENTENCE_END.search(text, signal.end - 1)
    return end is not None and end[0] == "?" and ASKING.search(text, start, end.end()) is not None
