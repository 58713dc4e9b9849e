"""A text as it reads, without what hides it: look-alike letters, invisible characters, letters with gaps."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff]"
)
_STRANGE = re.compile(r"[^\x00-\x7f]")
_TAGS = range(0xE0020, 0xE007F)
"""Invisible copies of ASCII, which models read and people do not see."""

_LOOKALIKES = str.maketrans(
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0455\u0501\u0410\u0412\u0415\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0425"
    "\u03bf\u03b1\u03b5\u03b9\u03ba\u03bd\u03c1\u03c4\u03c5\u0391\u0392\u0395\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a7\u0131",
    "aeopcyxijsdABEKMHOPCTXoaeikvptuABEHIKMNOPTXi",
)
_MIXED = re.compile(r"(?<!\w)(?=\w{0,63}[a-zA-Z])(?=\w{0,63}[\u0370-\u04ff\u0501\u0131])\w{2,64}")
_SPACED = re.compile(r"(?<!\w)(?:[a-zA-Z][ .\-_*]){4,40}[a-zA-Z](?!\w)")
_LEET_LETTER = re.compile("[013457@$]")
_LEET = str.maketrans("013457@$", "oieastas")
_LEET_WORD = re.compile(
    r"(?<!\w)(?=[a-zA-Z@$]{0,20}[013457@$])(?=[013457@$]{0,20}[a-zA-Z])[a-zA-Z013457@$]{4,20}(?!\w)"
)


@dataclass(frozen=True)
class Plain:
    """`text` as it reads; `places[i]` is where its character i stands in the original; `hidden` counts characters that
    nobody sees.
    """

    text: str
    places: Sequence[int]
    hidden: int

    def original(self, start: int, end: int) -> tuple[int, int]:
        """Where a piece of the plain text stands in the original."""
        return self.places[start], self.places[end - 1] + 1


def plain(text: str) -> Plain:
    """The text as it reads: one character for one, so that finds can be shown in the original."""
    if text.isascii():
        return Plain(_unleet(text), range(len(text)), 0)
    out: list[str] = []
    places: list[int] = []
    hidden, at = 0, 0
    for match in _STRANGE.finditer(text):
        place = match.start()
        out.append(text[at:place])
        places += range(at, place)
        seen = _seen(match[0])
        hidden += bool(_INVISIBLE.match(match[0])) or ord(match[0]) in _TAGS
        out.append(seen)
        places += [place] * len(seen)
        at = place + 1
    out.append(text[at:])
    places += range(at, len(text))
    read = _MIXED.sub(lambda match: match[0].translate(_LOOKALIKES), "".join(out))
    return Plain(_unleet(read), places, hidden)


def _seen(character: str) -> str:
    if ord(character) in _TAGS:
        return chr(ord(character) - 0xE0000)
    return "" if _INVISIBLE.match(character) else unicodedata.normalize("NFKC", character)


def _unleet(text: str) -> str:
    if not _LEET_LETTER.search(text):
        return text
    return _LEET_WORD.sub(lambda match: match[0].translate(_LEET), text)


def spaced_out(text: str) -> Iterator[tuple[int, int, str]]:
    """Words written with a gap after each letter: where, and the letters without gaps."""
    for match in _SPACED.finditer(text):
        yield match.start(), match.end(), re.sub(r"[^a-zA-Z]", "", match[0]).lower()
