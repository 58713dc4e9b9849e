"""Where a text may be cut so that what follows cannot change what was found before.

Detection looks at one segment at a time, with the one before it as context. Cuts depend on a bounded piece of text
after them, so a stream is cut exactly like the whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from learning.privacy.tokens import UNFINISHED

LIMIT = 600
"""The longest segment, in characters."""

LOOKAHEAD = 32
"""How many characters after a cut decide about it."""

_OPENING = "\"'(\\[\N{LEFT DOUBLE QUOTATION MARK}\N{LEFT SINGLE QUOTATION MARK}\N{DOUBLE LOW-9 QUOTATION MARK}>*_#"
_CLOSING = "\"')\\]\N{RIGHT DOUBLE QUOTATION MARK}\N{RIGHT SINGLE QUOTATION MARK}*_"
_WIDE_ENDS = "\N{IDEOGRAPHIC FULL STOP}\N{FULLWIDTH EXCLAMATION MARK}\N{FULLWIDTH QUESTION MARK}"
_WIDE_CLOSING = "\N{RIGHT CORNER BRACKET}\N{RIGHT DOUBLE QUOTATION MARK}"
_CUT = re.compile(
    rf"(?P<mark>[.!?\N{{HORIZONTAL ELLIPSIS}}])[{_CLOSING}]{{0,4}}\s{{1,8}}(?=[{_OPENING}]{{0,4}}[^\W_a-z])"
    rf"|[{_WIDE_ENDS}][{_WIDE_CLOSING}]{{0,4}}(?=[^{_WIDE_ENDS}{_WIDE_CLOSING}])"
    r"|\n[ \t]{0,8}\n"
    r"|\n(?=[ \t]{0,8}(?:[-*\N{BULLET}]|\d{1,3}[.)])[ \t])"
)
_ABBREVIATION = re.compile(
    r"(?<![^\W_])(?:[^\W\d_]|[^\W\d_]{0,24}(?:str|strasse)|al|apt|approx|av|avd|ave|avda|blvd|bldg|bzw|ca|cf|co|ctra|dept|dr|dra|"
    r"e\.g|ed|eds|eq|esq|etc|ext|fig|figs|fr|gen|hr|i\.e|inc|jr|lt|ltd|messrs|mgr|mlle|mme|mr|mrs|ms|mt|no|nr|pl|pp|"
    r"prof|pr|rd|resp|rev|sgt|sq|sr|sra|srta|st|sta|ste|str|tel|u\.a|usw|vgl|vol|vs|z\.b)$",
    re.IGNORECASE,
)
_QUIET_GAP = re.compile(r"(?<=[a-z,;:])\s(?=[a-z])")
_GAP = re.compile(r"\s")


def next_cut(text: str, start: int, *, final: bool) -> int | None:
    """Where the segment that begins at `start` ends; None: more text has to be seen. `final`: no more will come."""
    within = min(len(text), start + LIMIT)
    for match in _CUT.finditer(text, start, min(len(text), within + LOOKAHEAD)):
        if match.end() > within:
            break
        if match["mark"] == "." and _ABBREVIATION.search(text, max(start, match.start() - 32), match.start()):
            continue
        return match.end()
    if len(text) - start >= LIMIT + LOOKAHEAD:
        return _cut_long(text, start)
    return len(text) if final and start < len(text) else None


def segments(text: str) -> Iterator[tuple[int, int]]:
    """All of the text in pieces, each with where it starts and ends."""
    start = 0
    while (end := next_cut(text, start, final=True)) is not None:
        yield start, end
        start = end


def _cut_long(text: str, start: int) -> int:
    """A cut in a text that has no end of a sentence: between two plain words, else between any, else anywhere."""
    half, limit = start + LIMIT // 2, start + LIMIT
    for gap in (_QUIET_GAP, _GAP):
        if ends := [match.end() for match in gap.finditer(text, half, limit)]:
            return ends[-1]
    # Half a token must not become part of a whole one by what comes after.
    unfinished = UNFINISHED.search(text, half, limit)
    return unfinished.start() if unfinished else limit
