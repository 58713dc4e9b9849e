"""What has the form of personal data."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from learning.privacy.kinds import Kind
from learning.privacy.numbers import is_card, is_iban, national_id
from learning.privacy.patterns import matches


@pytest.mark.parametrize(
    ("text", "kind", "found"),
    [
        ("Write to ada.lovelace+course@mail.example.org, please.", Kind.EMAIL, "ada.lovelace+course@mail.example.org"),
        ("See https://example.org/~ada?x=1.", Kind.URL, "https://example.org/~ada?x=1"),
        ("from 203.0.113.7 and", Kind.IP, "203.0.113.7"),
        ("from 2001:db8:0:0:1::7 and", Kind.IP, "2001:db8:0:0:1::7"),
        ("My card is 4111 1111 1111 1111, thanks", Kind.CARD, "4111 1111 1111 1111"),
        ("pay to GB82 WEST 1234 5698 7654 32 today", Kind.IBAN, "GB82 WEST 1234 5698 7654 32"),
        ("pay to de89370400440532013000.", Kind.IBAN, "de89370400440532013000"),
        ("SSN 123-45-6789", Kind.ID, "123-45-6789"),
        ("My passport number is C01X00T47", Kind.ID, "C01X00T47"),
        ("Matrikelnummer: 1234567", Kind.ID, "1234567"),
        ("DNI 54362315K", Kind.ID, "54362315K"),
        ("Hers is AB 12 34 56 C", Kind.ID, "AB 12 34 56 C"),
        ("born on 12/03/1987 in", Kind.DATE_OF_BIRTH, "12/03/1987"),
        ("geboren am 3. März 1987", Kind.DATE_OF_BIRTH, "3. März 1987"),
        ("on 4 July 2024 we", Kind.DATE, "4 July 2024"),
        ("call +49 30 901820 now", Kind.PHONE, "+49 30 901820"),
        ("(978)645-9740x11144", Kind.PHONE, "(978)645-9740x11144"),
        ("You can reach me at 06 12 34 56 78.", Kind.PHONE, "06 12 34 56 78"),
        ("follow @ada_l here", Kind.HANDLE, "@ada_l"),
    ],
)
def test_finds(text: str, kind: Kind, found: str) -> None:
    assert [(span.kind, text[span.start : span.end]) for span in matches(text)] == [(kind, found)]


@pytest.mark.parametrize(
    "text",
    [
        "savings are (600 - 420) / 600 = 0.30, or 30 per cent",
        "between 1880 and 1885, pp. 123-145",
        "pi is 3.14159265358979",
        "a loss of 1,234,567 euros in 2020-2021",
        "version 2.10.3.1 of it",
        "x = a[0:10]; y = b::c",
        "at 10:30:15 on port 127.0.0.1",
        "doi 10.1037/0033-2909.132.3.354",
        "It is 4111 1111 1111 1112 atoms",
        "ISBN 978-3-16-148410-0",
    ],
)
def test_ordinary_numbers_are_left_alone(text: str) -> None:
    assert matches(text) == []


@given(st.text(alphabet="0123456789", min_size=12, max_size=18), st.integers(0, 9))
def test_one_changed_digit_is_no_card(body: str, digit: int) -> None:
    body = "4" + body
    right = next(each for each in "0123456789" if _luhn(body + each))
    assert is_card(body + right) == (len(body) + 1 in range(13, 20))
    if str(digit) != right:
        assert not is_card(body + str(digit))


def _luhn(number: str) -> bool:
    total = 0
    for place, character in enumerate(reversed(number)):
        value = int(character) * (2 if place % 2 else 1)
        total += value if value < 10 else value - 9
    return total % 10 == 0


@given(st.text(max_size=60))
def test_checks_take_any_text(text: str) -> None:
    assert is_card(text) in (True, False)
    assert is_iban(text) in (True, False)
    assert national_id(text) in (True, False)


@given(st.text(alphabet="ab1 @.-/:()+x", max_size=300))
def test_finds_are_in_order_and_apart(text: str) -> None:
    spans = matches(text)
    assert all(0 <= span.start < span.end <= len(text) for span in spans)
    assert all(one.end <= other.start for one, other in pairwise(spans))


@pytest.mark.parametrize("unit", ["a.", "1 ", "1-", "a@", "(1", "1:", "www.", "A1", "0/", "a-", "+1", "@a"])
def test_long_repetitions_take_no_long_time(unit: str) -> None:
    text = unit * 5_000
    began = time.process_time()
    matches(text)
    assert time.process_time() - began < 5.0
