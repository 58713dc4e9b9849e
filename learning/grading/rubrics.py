"""What a work is graded by: references for a short answer, a rubric for an essay, read out of instructions too."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

from learning.grading.answers import Question


class Aspect(StrEnum):
    """What a criterion looks at."""

    CONTENT = "content"  # whether the essay says what is looked for
    STRUCTURE = "structure"  # how it is built
    LANGUAGE = "language"  # how readable it is


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """One line of a rubric. `looks_for` says what a good essay has; where it is empty the title stands for it."""

    title: str
    points: float
    aspect: Aspect = Aspect.CONTENT
    looks_for: tuple[str, ...] = ()

    @property
    def wanted(self) -> tuple[str, ...]:
        """What is looked for."""
        return self.looks_for or (self.title,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rubric:
    """What an essay is graded by. `task` is what was asked, so that repeating it earns nothing."""

    task: str
    criteria: tuple[Criterion, ...]
    minimum_words: int | None = None

    @property
    def points(self) -> float:
        """All there are."""
        return sum(criterion.points for criterion in self.criteria)

    @property
    def key(self) -> str:
        """The same for rubrics that ask the same."""
        parts = [self.task.strip(), str(self.minimum_words)]
        for one in self.criteria:
            parts += [one.title, str(one.points), one.aspect, *one.looks_for]
        return sha256("\0".join(parts).encode()).hexdigest()[:32]


Basis = Question | Rubric

_ROW = re.compile(r"^\s*\|(?P<cells>.*)\|\s*$")
_RULE = re.compile(r"^[\s|:-]+$")
_NUMBER = re.compile(r"^\d{1,4}(?:\.\d{1,2})?$")
_HEADED = re.compile(r"criteri|rubric|aspect|what counts", re.IGNORECASE)
_POINTS = re.compile(r"point|mark|weight", re.IGNORECASE)
_STRUCTURE = re.compile(r"\b(structur\w*|organi[sz]\w*|paragraph\w*|introduction and conclusion|logical order)\b", re.I)
_LANGUAGE = re.compile(
    r"\b(clear writing|readab\w*|grammar|spelling|style|clearly written|plain language|language)\b", re.I
)
MOST_CRITERIA = 20


def aspect_of(title: str) -> Aspect:
    """What a criterion looks at, as far as its title tells."""
    if _STRUCTURE.search(title):
        return Aspect.STRUCTURE
    return Aspect.LANGUAGE if _LANGUAGE.search(title) else Aspect.CONTENT


def rubric_in(instructions: str) -> Rubric | None:
    """The rubric that instructions hold as a Markdown table of criteria and points; None where there is none."""
    criteria = tuple(_criteria(instructions))[:MOST_CRITERIA]
    if not criteria:
        return None
    return Rubric(task=instructions, criteria=criteria, minimum_words=_minimum_words(instructions))


def _criteria(instructions: str) -> Iterator[Criterion]:
    within = False
    for line in instructions.splitlines():
        row = _ROW.match(line)
        if row is None:
            within = False
            continue
        cells = [cell.strip() for cell in row["cells"].split("|")]
        if _HEADED.search(cells[0]) and _POINTS.search(cells[-1]):
            within = True
        elif within and not _RULE.match(line) and len(cells) >= 2 and cells[0] and _NUMBER.match(cells[-1]):
            looks_for = tuple(cell for cell in cells[1:-1] if cell)
            points = float(cells[-1])
            if points > 0:
                yield Criterion(title=cells[0], points=points, aspect=aspect_of(cells[0]), looks_for=looks_for)


_LENGTH = re.compile(r"\b(\d{1,2},\d{3}|\d{2,5})\s*(?:to|-|\N{EN DASH})\s*(?:\d{1,2},\d{3}|\d{2,5})\s+words\b")


def _minimum_words(instructions: str) -> int | None:
    found = _LENGTH.search(instructions)
    return int(found[1].replace(",", "")) if found else None
