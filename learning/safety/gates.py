"""What a text must hold for a pattern to match anywhere in it: a cheap look before the dear ones.

From the parsed pattern follow pieces of text of which any match holds at least one ("ignor", "disregard", ...). All
patterns' pieces are looked for together, by their first characters, in one pass over the text; a pattern that lacks
one is not tried. Nothing is guessed: a pattern without such pieces is always tried, and so is every pattern on a text
with one of the letters that fold to another than lower case says.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

# The parser of `re` itself, by which hypothesis makes texts from patterns too.
from re import _constants, _parser  # type: ignore[attr-defined]
from typing import Any

_MOST_PIECES = 96
_WIDTH = 4
_UNUSUAL = re.compile("[\u0130\u0131\u017f\u212a\u212b\u1c80-\u1c88\u0345\u1e9b\u1e9e\u1fbe\u0390\u03b0\u1fd3\u1fe3]")
"""Letters that a pattern without regard to case takes for others, and `str.lower` does not."""

Pieces = frozenset[str]


def alternatives(pattern: re.Pattern[str], most: int = 3) -> tuple[tuple[Pieces, ...], ...]:
    """Of any match, one alternative is true: it holds a piece of each of that one's sets. All pieces are in lower case;
    an alternative without sets says nothing.
    """
    parsed = list(_parser.parse(pattern.pattern, pattern.flags & ~re.UNICODE))
    return tuple(_telling(_sequence(each)[1], most) for each in _spread(parsed))


def _telling(found: Iterable[Pieces], most: int) -> tuple[Pieces, ...]:
    return tuple(sorted({each for each in found if "" not in each}, key=_commonness)[:most])


def _spread(parsed: list[tuple[Any, Any]]) -> list[list[tuple[Any, Any]]]:
    """The sequence as several, one for each branch of the first choice in it between wholes with more than one part."""
    for place, (operation, argument) in enumerate(parsed):
        if operation is _constants.BRANCH and any(len(branch) > 8 for branch in argument[1]):
            return [[*parsed[:place], *branch, *parsed[place + 1 :]] for branch in argument[1]]
    return [parsed]


def _commonness(found: Pieces) -> float:
    """About how often one of them stands in a text."""
    return sum(12.0 ** -len(piece) for piece in found)


def _best(found: Iterable[Pieces]) -> list[Pieces]:
    return sorted((each for each in found if "" not in each), key=_commonness)[:1]


def _sequence(parsed: Iterable[tuple[Any, Any]]) -> tuple[Pieces | None, list[Pieces]]:
    """All texts that the sequence matches, if they can be listed, and sets of which any match holds one each."""
    whole: Pieces | None = frozenset({""})
    run: Pieces = frozenset({""})
    found: list[Pieces] = []
    for operation, argument in parsed:
        exact, inside = _one(operation, argument)
        if exact is not None and len(run) * len(exact) <= _MOST_PIECES:
            run = frozenset(left + right for left in run for right in exact)
            continue
        found.append(run)
        found += inside
        whole = None
        run = exact if exact is not None else frozenset({""})
        if exact is not None:
            found.append(exact)
    found.append(run)
    return (run if whole is not None else None), found


def _one(operation: Any, argument: Any) -> tuple[Pieces | None, list[Pieces]]:
    """The same of one part of a pattern."""
    if operation is _constants.LITERAL:
        return frozenset({chr(argument).lower()}), []
    if operation in (_constants.AT, _constants.ASSERT, _constants.ASSERT_NOT):
        return frozenset({""}), []
    if operation is _constants.IN:
        return _characters(argument), []
    if operation is _constants.SUBPATTERN:
        return _sequence(argument[3])
    if operation is _constants.ATOMIC_GROUP:
        return _sequence(argument)
    if operation is _constants.BRANCH:
        return _branches([_sequence(branch) for branch in argument[1]])
    if operation in (_constants.MAX_REPEAT, _constants.MIN_REPEAT, _constants.POSSESSIVE_REPEAT):
        return _repeated(*argument)
    return None, []


def _characters(members: Sequence[tuple[Any, Any]]) -> Pieces | None:
    if len(members) > 6 or any(operation is not _constants.LITERAL for operation, _ in members):
        return None
    return frozenset(chr(code).lower() for _, code in members)


def _branches(branches: Sequence[tuple[Pieces | None, list[Pieces]]]) -> tuple[Pieces | None, list[Pieces]]:
    exact = [whole for whole, _ in branches if whole is not None]
    if len(exact) == len(branches):
        return frozenset().union(*exact), []
    best = [_best([*inside, *([whole] if whole is not None else [])]) for whole, inside in branches]
    if not all(best):
        return None, []
    return None, [frozenset().union(*(each[0] for each in best))]


def _repeated(least: int, most: Any, parsed: Any) -> tuple[Pieces | None, list[Pieces]]:
    whole, inside = _sequence(parsed)
    if least == 0:
        return (whole | {""} if most == 1 and whole is not None else None), []
    if least == most == 1:
        return whole, inside
    return None, [*inside, *([whole] if whole is not None else [])]


class Gates:
    """Which of some patterns may match a text; their order is their number."""

    def __init__(self, patterns: Sequence[re.Pattern[str]]) -> None:
        self._needs: list[tuple[int, ...]] = []
        self._heads: dict[str, int] = {}
        self._short: dict[str, int] = {}
        self._bits: dict[Pieces, int] = {}
        for pattern in patterns:
            self._needs.append(tuple(sum(map(self._bit, sets)) for sets in alternatives(pattern)))
        self._all = frozenset(self._heads)

    def _bit(self, found: Pieces) -> int:
        """The bit that says that one of the pieces was seen."""
        if found not in self._bits:
            bit = self._bits[found] = 1 << len(self._bits)
            for piece in found:
                table, key = (self._heads, piece[:_WIDTH]) if len(piece) >= _WIDTH else (self._short, piece)
                table[key] = table.get(key, 0) | bit
        return self._bits[found]

    def open(self, text: str) -> Iterator[int]:
        """The numbers of the patterns that are worth trying, in order."""
        if not text.isascii() and _UNUSUAL.search(text):
            yield from range(len(self._needs))
            return
        lacking = ~self._seen(text.lower())
        for number, alternatives_needed in enumerate(self._needs):
            for needs in alternatives_needed:
                if not needs & lacking:
                    yield number
                    break

    def _seen(self, text: str) -> int:
        seen = 0
        heads = set(map("".join, zip(text, text[1:], text[2:], text[3:], strict=False)))
        for head in heads & self._all:
            seen |= self._heads[head]
        for piece, bits in self._short.items():
            if piece in text:
                seen |= bits
        return seen
