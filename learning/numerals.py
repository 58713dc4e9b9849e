"""Numbers that are written as words. English."""

from __future__ import annotations

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

QUANTITIES: Final = ("half", "twice", "dozen")
"""Words that tell a number and are none."""
