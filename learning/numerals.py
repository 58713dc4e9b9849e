"""Numbers that are written as words. English."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

_FIRST = "zero one two three four five six seven eight nine ten eleven twelve"
_TEENS = "thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"

SMALL: Final = {word: str(value) for value, word in enumerate(_FIRST.split())}
"""Words that are a number by themselves, with its digits; larger ones are often part of one of several words."""

NUMBERS: Final = (
    SMALL
    | {word: str(value) for value, word in enumerate(_TEENS.split(), start=13)}
    | {word: str(10 * value) for value, word in enumerate(_TENS.split(), start=2)}
    | {"hundred": "100", "thousand": "1000", "million": "1000000", "billion": "1000000000"}
)

MULTIPLIERS: Final = tuple(word for word, digits in NUMBERS.items() if len(digits) > 2)
"""Words for numbers that multiply what is before them."""

QUANTITIES: Final = ("half", "twice", "dozen")
"""Words that tell a number and are none."""

_HUNDRED: Final = 100


class _Numeral:
    """A number as far as its words were read."""

    def __init__(self, first: int) -> None:
        self._closed = 0  # its thousands and more
        self._group = 1 if first >= _HUNDRED else 0  # what may yet be multiplied
        self._room = _HUNDRED  # what is added next is smaller
        self._scale = float("inf")  # what multiplies next is smaller
        self.takes(first)

    @property
    def value(self) -> int:
        return self._closed + self._group

    def takes(self, size: int) -> bool:
        """Whether a word that tells `size` goes on with the number; if so it has it from now on."""
        if size < _HUNDRED:
            return self._adds(size)
        return self._multiplies(size)

    def _adds(self, size: int) -> bool:
        if size >= self._room:
            return False
        self._group += size
        self._room = 10 if size >= 20 else 0
        return True

    def _multiplies(self, size: int) -> bool:
        if not self._group or self._group >= size or size >= self._scale:
            return False
        self._group *= size
        self._room = _HUNDRED
        if size > _HUNDRED:
            self._closed, self._group, self._scale = self._closed + self._group, 0, size
        return True


def compounds(words: Sequence[str]) -> Iterator[tuple[str, int, int]]:
    """The numbers that words of `NUMBERS` in a row tell: the digits of each, and the places of its first word and of
    what is behind its last. "One hundred two three" is 102 and 3."""
    sizes, at = [int(NUMBERS[word]) for word in words], 0
    while at < len(sizes):
        numeral, end = _Numeral(sizes[at]), at + 1
        while end < len(sizes) and numeral.takes(sizes[end]):
            end += 1
        yield str(numeral.value), at, end
        at = end
