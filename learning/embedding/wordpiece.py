"""BERT's tokenizer: text to the numbers of word pieces.

Devlin, Chang, Lee and Toutanova (2019), after Wu and others (2016). Agrees with the `uncased` reference, except that a
text which spells out a special token such as `[SEP]` gets no special token for it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Self

VOCABULARY = Path(__file__).with_name("vocabulary.txt")
_DROPPED = {"Cc", "Cf", "Co", "Cs", "Mn"}
_LONGEST_WORD = 100
_WORDS_REMEMBERED = 65_536
_IDEOGRAPHS = (
    (0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0x20000, 0x2A6DF), (0x2A700, 0x2B73F), (0x2B740, 0x2B81F), (0x2B920, 0x2CEAF),
    (0xF900, 0xFAFF), (0x2F800, 0x2FA1F),
)  # fmt: skip


class _Letters(dict[int, str]):
    """What becomes of each character of a decomposed text; worked out when it is first met."""

    def __missing__(self, code: int) -> str:
        self[code] = found = _becomes(chr(code))
        return found


def _becomes(character: str) -> str:
    category = unicodedata.category(character)
    if character in "\t\n\r" or category == "Zs":
        return " "
    if category in _DROPPED or character == "\N{REPLACEMENT CHARACTER}":
        return ""
    stands_alone = category[0] == "P" or character in "$+<=>^`|~"
    if stands_alone or any(first <= ord(character) <= last for first, last in _IDEOGRAPHS):
        return f" {character} "
    return character.lower()


class WordPiece:
    """Splits words greedily into the longest pieces of a vocabulary, whose order numbers them."""

    def __init__(self, pieces: Sequence[str]) -> None:
        self._ids = {piece: number for number, piece in enumerate(pieces)}
        self._unknown = (self._ids["[UNK]"],)
        self._first, self._last = self._ids["[CLS]"], self._ids["[SEP]"]
        self._letters = _Letters()
        self._split = lru_cache(_WORDS_REMEMBERED)(self._pieces)

    @classmethod
    def load(cls, file: Path = VOCABULARY) -> Self:
        """With the vocabulary of a file, one piece a line."""
        return cls(file.read_text(encoding="utf-8").splitlines())

    def encode(self, text: str, limit: int | None = None) -> list[int]:
        """The numbers of the pieces between those of the start and of the end, at most `limit` in all."""
        ids = [piece for word in self._words(text) for piece in self._split(word)]
        return [self._first, *(ids if limit is None else ids[: limit - 2]), self._last]

    def count(self, text: str) -> int:
        """How many pieces the text has, without the marks of start and end."""
        return sum(len(self._split(word)) for word in self._words(text))

    def _words(self, text: str) -> list[str]:
        return unicodedata.normalize("NFD", text).translate(self._letters).split()

    def _pieces(self, word: str) -> tuple[int, ...]:
        if len(word) > _LONGEST_WORD:
            return self._unknown
        found: list[int] = []
        start = 0
        while start < len(word):
            prefix = "##" if start else ""
            for end in range(len(word), start, -1):
                if (piece := self._ids.get(prefix + word[start:end])) is not None:
                    break
            else:
                return self._unknown
            found.append(piece)
            start = end
        return tuple(found)
