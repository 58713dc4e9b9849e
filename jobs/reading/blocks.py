"""Learners who are blocks of rows: a column that holds, in every row of a learner, how many rows the learner has.

A stretch of rows with equal values is then one such learner or several of the same length, so that the value divides
the length of the stretch. Names that are numbers do so by chance alone: a name v divides a length once in v times.
Where all stretches are equally long, as of learners who each did as many tasks, small numbers divide that length.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby

from jobs.framework.errors import UnusableData

_NUMBER = re.compile(r"[1-9][0-9]{0,8}(\.0+)?")
_BY_CHANCE_OFTEN, _BY_CHANCE_SELDOM = math.log(10), math.log(1_000)  # once in so many folders of names
_NEARLY_ALL = 0.5  # of the stretches; of names that are numbers hardly any fit


class Learners(StrEnum):
    """What `user_id` holds. AUTO decides by the rows."""

    AUTO = "auto"
    BLOCKS = "blocks"
    NAMES = "names"


@dataclass(frozen=True)
class Told:
    """How learners were told apart, and what a person should know of it."""

    blocks: bool
    remarks: tuple[str, ...] = ()

    @property
    def by(self) -> str:
        return "blocks of as many rows as user_id says" if self.blocks else "names in user_id"


@dataclass(frozen=True, slots=True)
class _Stretch:
    value: str
    rows: int
    at_the_edge: bool  # of its file, where a learner may be cut off

    @property
    def fits(self) -> bool:
        length = _length(self.value)
        return length is not None and self.rows % length == 0


def told(files: Sequence[Sequence[str]], asked: Learners) -> Told:
    """One decision for the columns of all files. Raises `UnusableData` where they cannot be blocks and shall."""
    stretches = [stretch for values in files for stretch in _stretches(values)]
    if asked is Learners.NAMES:
        return Told(blocks=False)
    if asked is Learners.BLOCKS:
        if odd := next((one.value for one in stretches if _length(one.value) is None), None):
            raise UnusableData(f"user_id holds {odd!r}, which is no number of rows.")
        return Told(True, _cut_short(stretches))
    fitting = [one for one in stretches if one.fits]
    # How unlikely it is that names fit as well.
    alike = len(stretches) > 1 and len({one.rows for one in stretches}) == 1
    evidence = 0.0 if alike else sum(math.log(_length(one.value) or 1) for one in fitting)
    whole = len(fitting) == len(stretches)
    at_edges = all(one.at_the_edge and _length(one.value) for one in stretches if not one.fits)
    if (whole and evidence > _BY_CHANCE_OFTEN) or (at_edges and evidence > _BY_CHANCE_SELDOM):
        doubt = ("The values of user_id were taken for numbers of rows. If they are names, say --learners names.",)
        return Told(True, (*(doubt if evidence < _BY_CHANCE_SELDOM else ()), *_cut_short(stretches)))
    return Told(blocks=False, remarks=_nearly(stretches, len(fitting)))


def cut(values: Sequence[str]) -> list[int]:
    """The number of its block for each row, from 1. Of a stretch that cannot be cut evenly what is left over is a
    block of its own: the first one where a file begins with it, else the last."""
    blocks: list[int] = []
    number = 0
    for place, stretch in enumerate(_stretches(values)):
        length = _length(stretch.value) or stretch.rows
        over = stretch.rows % length
        whole = [length] * (stretch.rows // length)
        rest = [over] if over else []
        for rows in [*rest, *whole] if place == 0 and len(blocks) + stretch.rows < len(values) else [*whole, *rest]:
            number += 1
            blocks += [number] * rows
    return blocks


def _stretches(values: Sequence[str]) -> list[_Stretch]:
    runs = [(value, sum(1 for _ in same)) for value, same in groupby(values)]
    return [_Stretch(value, rows, place in (0, len(runs) - 1)) for place, (value, rows) in enumerate(runs)]


def _length(value: str) -> int | None:
    return int(value.partition(".")[0]) if _NUMBER.fullmatch(value) else None


def _cut_short(stretches: Sequence[_Stretch]) -> tuple[str, ...]:
    short = sum(not one.fits for one in stretches)
    if not short:
        return ()
    return (f"{short} of the blocks have fewer rows than user_id says: what there is was taken for a learner.",)


def _nearly(stretches: Sequence[_Stretch], fitting: int) -> tuple[str, ...]:
    if fitting < _NEARLY_ALL * len(stretches) or not fitting:
        return ()
    return (
        f"The values of user_id were taken for names, though {fitting} of {len(stretches)} stretches of rows with "
        "equal values could be blocks of as many rows as they say. If they are, say --learners blocks.",
    )
