"""Where sentences end. A rule of thumb for prose in scripts that mark it; it errs towards long sentences."""

from __future__ import annotations

import re
from collections.abc import Iterator

# A run of marks is looked at from its beginning only: from each of its places, a long one would take for ever.
# A mark, what closes around it, a space, and something that can begin a sentence; or a mark of a script without spaces.
_END = re.compile(
    r"(?<![.!?\N{HORIZONTAL ELLIPSIS}])(?P<mark>[.!?\N{HORIZONTAL ELLIPSIS}]+)"
    r"(?P<closing>[\"'\N{RIGHT DOUBLE QUOTATION MARK}"
    r"\N{RIGHT SINGLE QUOTATION MARK}\N{RIGHT-POINTING DOUBLE ANGLE QUOTATION MARK})\]]*)\s+"
    r"(?=[\"'\N{LEFT DOUBLE QUOTATION MARK}\N{LEFT SINGLE QUOTATION MARK}(\[\N{DOUBLE LOW-9 QUOTATION MARK}]*[^\W_a-z])"
    r"|[\N{IDEOGRAPHIC FULL STOP}\N{FULLWIDTH EXCLAMATION MARK}\N{FULLWIDTH QUESTION MARK}]+"
    r"[\N{RIGHT CORNER BRACKET}\N{RIGHT DOUBLE QUOTATION MARK}]*"
)
_ABBREVIATIONS = frozenset({
    "al", "approx", "bzw", "ca", "cf", "co", "dept", "dr", "e.g", "ed", "eds", "eq", "etc", "fig", "figs", "hr", "i.e",
    "inc", "jr", "ltd", "mr", "mrs", "ms", "nr", "p", "pp", "prof", "resp", "rev", "sr", "st", "u.a",
    "usw", "vgl", "vol", "vs", "z.b",
})  # fmt: skip
_LONGEST_WORD = 40  # characters looked at before a full stop
_LAST_WORD = re.compile(r"[^\s(\[]+$")


def sentences(text: str) -> Iterator[str]:
    """The sentences of a paragraph, which joined by single spaces are its words in their order."""
    start = 0
    for end in _END.finditer(text):
        before = text[max(start, end.start() - _LONGEST_WORD) : end.start()]
        if end["mark"] == "." and not end["closing"] and _is_abbreviation(before):
            continue
        if found := " ".join(text[start : end.end()].split()):
            yield found
        start = end.end()
    if rest := " ".join(text[start:].split()):
        yield rest


def _is_abbreviation(before: str) -> bool:
    word = _LAST_WORD.search(before)
    if word is None:
        return False
    # A single capital is an initial: J. Doe.
    return word[0].lower() in _ABBREVIATIONS or (len(word[0]) == 1 and word[0].isupper())
