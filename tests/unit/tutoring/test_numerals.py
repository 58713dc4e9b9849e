"""Numbers in words are read as what they come to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from learning.numerals import NUMBERS, compounds

WORDS = {int(digits): word for word, digits in NUMBERS.items()}


def spelled(number: int) -> list[str]:
    """In words; "one" is told with every multiplier."""
    if number < 20:
        return [WORDS[number]]
    if number < 100:
        rest = number % 10
        return [WORDS[number - rest], *(spelled(rest) if rest else ())]
    size = max(size for size in (100, 1_000, 1_000_000, 1_000_000_000) if size <= number)
    times, rest = divmod(number, size)
    return [*spelled(times), WORDS[size], *(spelled(rest) if rest else ())]


@given(st.one_of(st.integers(0, 3_000), st.integers(0, 999_999_999_999)))
def test_a_number_in_words_is_one(number: int) -> None:
    words = spelled(number)
    assert list(compounds(words)) == [(str(number), 0, len(words))]


@pytest.mark.parametrize(
    ("words", "numbers"),
    [
        ("two three", "2 3"), ("twenty thirty one", "20 31"), ("zero five", "0 5"), ("one zero", "1 0"),
        ("hundred", "100"), ("thousand two", "1002"), ("nineteen hundred", "1900"), ("hundred thousand", "100000"),
        ("hundred hundred", "100 100"), ("thousand million", "1000 1000000"), ("nineteen eighty four", "19 84"),
    ],
)  # fmt: skip
def test_words_in_a_row_may_tell_several(words: str, numbers: str) -> None:
    found = list(compounds(words.split()))
    assert [digits for digits, _, _ in found] == numbers.split()
    assert [end for _, _, end in found[:-1]] == [first for _, first, _ in found[1:]]
