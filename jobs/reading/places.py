"""Whether a place in a book that somebody names is where a passage stands.

People name a section by its whole path, by one of its headings, by its number or by its file; capitals and how many
spaces there are say nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Set
from functools import lru_cache

from jobs.reading.texts import TEXT_SUFFIXES
from learning.retrieval.chunking import PATH

_BETWEEN = re.compile(rf"\s*(?:{PATH.strip()}|>)\s*")
# A number as headings begin with: 3, 3.2, 3.2.1, B.1, Chapter 3; whole, so that 3.2 is not the beginning of 3.21.
_NUMBER = re.compile(
    r"((?:(?:appendix|chapter|lesson|module|part|section|unit) |\N{SECTION SIGN} ?)?(?:[a-z]\.)?\d+(?:\.\d+)*[a-z]?)"
    r"[.:)]?(?: |$)"
)


def is_number(name: str) -> bool:
    """Whether the name of a section is no more than its number."""
    found = _NUMBER.match(_plain(name))
    return found is not None and found.end() == len(_plain(name))


def number_of(name: str) -> str | None:
    """The number that the name of a section begins with."""
    found = _NUMBER.match(_plain(name))
    return found[1] if found else None


def chapter_number(name: str) -> str | None:
    """The number of the chapter that a section is in by its own: 3 of 3.2 and of 3.2.1. None of a chapter."""
    number, dot, _ = (number_of(name) or "").partition(".")
    return number if dot else None


def headings(path: str) -> list[str]:
    """The parts of a path, the outermost first."""
    return [part for part in _BETWEEN.split(path.strip()) if part]


def is_any(places: Iterable[str], names: Set[str]) -> bool:
    """Whether one of the places is meant by one of the names (`names_of`)."""
    return any(not names.isdisjoint(_meant(place)) for place in places)


@lru_cache(maxsize=100_000)
def names_of(section: str, heading: str) -> frozenset[str]:
    """Everything by which a section may be named: stretches of its path, and of each heading its number and its words.
    What is a number and no more is also named by that number with any words behind it: it ends in a space."""
    return frozenset(name for path in {section, heading} for name in _names(_parts(path)))


def _names(parts: list[str]) -> Iterator[str]:
    paths = [parts, [parts[0].rpartition("/")[2], *parts[1:]]] if parts else []  # a file may be in a folder
    for path in paths:
        for start in range(len(path)):
            yield from (PATH.join(path[start:end]) for end in range(start + 1, len(path) + 1))
    for part in parts:
        if number := _NUMBER.match(part):
            yield number[1]
            yield part[number.end() :] or f"{number[1]} "


def _meant(place: str) -> set[str]:
    """The names that a place may be meant by."""
    parts = _parts(place)
    meant = {PATH.join(parts)}
    if len(parts) == 1 and (number := _NUMBER.match(parts[0])):
        meant.add(f"{number[1]} ")
    return meant - {""}


def _parts(path: str) -> list[str]:
    return [part for raw in headings(path) if (part := _plain(raw))]


def _plain(name: str) -> str:
    text = " ".join(name.casefold().split())
    if (number := _NUMBER.match(text)) is not None:
        text = f"{number[1]} {text[number.end() :]}".rstrip()  # 3.2. is 3.2
    return next((text.removesuffix(suffix) for suffix in TEXT_SUFFIXES if text.endswith(suffix)), text)
