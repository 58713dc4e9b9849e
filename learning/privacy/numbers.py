"""Numbers that carry their own proof: check digits of cards, accounts and national identities."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache


def is_card(text: str) -> bool:
    """Thirteen to nineteen digits that begin like a card's and pass Luhn's check (ISO/IEC 7812-1)."""
    digits = [int(character) for character in text if character.isdecimal()]
    if not 13 <= len(digits) <= 19 or len(set(digits)) == 1 or digits[0] not in (2, 3, 4, 5, 6):
        return False
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[-2::-2])
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def is_iban(text: str) -> bool:
    """Fifteen to thirty-four characters whose rest by 97 is one (ISO 13616-1)."""
    compact = text.replace(" ", "").upper()
    if not 15 <= len(compact) <= 34 or not compact.isascii() or not compact.isalnum():
        return False
    return int("".join(str(int(character, 36)) for character in compact[4:] + compact[:4])) % 97 == 1


@cache
def _checks() -> tuple[Callable[[str], bool], ...]:
    # Ten digits pass some country's check by chance: only numbers with letters, or with a date and a check, are listed.
    from stdnum.es import dni, nie
    from stdnum.fi import hetu
    from stdnum.fr import nir
    from stdnum.it import codicefiscale
    from stdnum.mx import curp
    from stdnum.pl import pesel

    return tuple(each.is_valid for each in (codicefiscale, curp, dni, hetu, nie, nir, pesel))


def national_id(text: str) -> bool:
    """Whether this is by its form and its check digit an identity number of Finland, France, Italy, Mexico, Poland
    or Spain. Others are as plain as any number and need a word beside them.
    """
    return any(check(text) for check in _checks())
