"""Words of a text as the tagger reads them, with where they stand."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

_WORD = re.compile(
    r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]"  # scripts without spaces: a character is a word
    r"|[^\W\d_]+(?:['\N{RIGHT SINGLE QUOTATION MARK}](?!s\b)[^\W\d_]+)*"
    r"|['\N{RIGHT SINGLE QUOTATION MARK}]s\b|\d+|\n+|[^\w\s]|_"
)


@dataclass(frozen=True)
class Word:
    """`text` as it stands in `[start, end)`."""

    text: str
    start: int
    end: int


def words(text: str) -> list[Word]:
    """Words, numbers, marks and line breaks, in order."""
    return [Word(match[0], match.start(), match.end()) for match in _WORD.finditer(text)]


@lru_cache(maxsize=20_000)
def folded(word: str) -> str:
    """The word in small letters without accents, as lists have it."""
    decomposed = unicodedata.normalize("NFKD", word.casefold())
    return "".join(character for character in decomposed if not unicodedata.combining(character))


@lru_cache(maxsize=20_000)
def shape(word: str) -> str:
    """The word with its letters, digits and marks by class; runs of more than two are cut to three."""
    out: list[str] = []
    for character in word:
        if character.isupper():
            kind = "X"
        elif character.isalpha():
            kind = "x"
        elif character.isdigit():
            kind = "d"
        else:
            kind = character
        if kind == "d" or len(out) < 3 or out[-3:] != [kind] * 3:
            out.append(kind)
    return "".join(out[:8])
