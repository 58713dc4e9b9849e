"""A course out of a text: modules and units along its headings, each with its own words, and a quiz for each module."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from learning.content.material import Source, terms
from learning.content.questions import Embed, Item, Pool, items
from learning.retrieval.blocks import Section

MOST_UNIT_CHARACTERS = 6_000  # what is longer becomes several units
_QUESTIONS = 5


@dataclass(frozen=True, slots=True)
class DraftUnit:
    """A text with what it is about."""

    title: str
    body: str
    about: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DraftModule:
    title: str
    units: tuple[DraftUnit, ...]
    quiz: tuple[Item, ...]
    worded: int = 0  # how many of the questions, the first ones, are in words that are not the text's


Worded = Callable[[Sequence[Source], int], Sequence[Item]]
Arranged = Sequence[tuple[str, Sequence[DraftUnit]]]


def outline(
    sources: Sequence[Source],
    embed: Embed | None,
    *,
    questions: int = _QUESTIONS,
    arranged: Arranged | None = None,
    worded: Worded | None = None,
) -> list[DraftModule]:
    """Modules of the texts' own words. A text's outermost headings are its modules, or the text itself is one; unless
    somebody has `arranged` its paragraphs. Questions that are `worded` come first, the others have a gap."""
    found = []
    pool = Pool.of(sources, embed)
    for title, units in arranged if arranged is not None else _by_headings(sources):
        own = [Source(f"{title}/{at}", unit.title, unit.body) for at, unit in enumerate(units)]
        asked = worded(own, questions) if worded is not None and questions else []
        said = [text for one in asked for text in (one.prompt, one.statement)]
        gaps = items(own, questions - len(asked), pool, asked=said)
        found.append(DraftModule(title, tuple(units), (*asked, *gaps), worded=len(asked)))
    return found


def unheaded(source: Source) -> list[str]:
    """The paragraphs of a text that has no headings; none of one that has."""
    parts = source.sections
    if any(part.headings for part in parts):
        return []
    return [paragraph for part in parts for paragraph in _paragraphs(part)]


def _by_headings(sources: Sequence[Source]) -> Iterator[tuple[str, list[DraftUnit]]]:
    for source in sources:
        for title, parts in _modules(source):
            if units := [unit for part in parts for unit in _units(title, part)]:
                yield title, units


def _modules(source: Source) -> list[tuple[str, list[Section]]]:
    parts = [part for part in source.sections if part.pieces]
    outermost = list(dict.fromkeys(part.headings[0] for part in parts if part.headings))
    if len(outermost) < 2:
        inner = [Section(part.headings[1:] if part.headings else (), part.pieces) for part in parts]
        return [(outermost[0] if outermost else source.title, inner)] if parts else []
    by_title: dict[str, list[Section]] = {}
    for part in parts:
        title = part.headings[0] if part.headings else source.title
        by_title.setdefault(title, []).append(Section(part.headings[1:], part.pieces))
    return list(by_title.items())


def _units(module: str, part: Section) -> list[DraftUnit]:
    title = part.headings[-1] if part.headings else module
    chunks: list[list[str]] = [[]]
    for paragraph in _paragraphs(part):
        if sum(map(len, chunks[-1])) + len(paragraph) > MOST_UNIT_CHARACTERS and chunks[-1]:
            chunks.append([])
        chunks[-1].append(paragraph)
    bodies = ["\n\n".join(chunk) for chunk in chunks if chunk]
    return [
        DraftUnit(title if len(bodies) == 1 else f"{title} ({at})", body, tuple(terms([Source("", title, body)], 5)))
        for at, body in enumerate(bodies, start=1)
    ]


def _paragraphs(part: Section) -> list[str]:
    found: list[str] = []
    for piece in part.pieces:
        if piece.join == " " and found:
            found[-1] += f" {piece.text}"
        elif found and piece.text.startswith("    ") and found[-1].split("\n")[-1].startswith("    "):
            found[-1] += f"\n{piece.text}"
        else:
            found.append(piece.text)
    return found
