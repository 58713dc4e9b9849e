"""The unit of work: rows of plain values, in batches that are the same every time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeAlias

Row: TypeAlias = dict[str, Any]
"""Plain values by column: what JSON can hold."""

Work: TypeAlias = Callable[[list[Row]], list[Row]]
"""Turns a batch of rows into rows of the result, in any number."""

Build: TypeAlias = Callable[[], Work]
"""Makes the work in the process that does it, so that a model is loaded once there. It must pickle."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows, and where they stand among all batches."""

    index: int
    rows: list[Row]


def in_batches(rows: Iterable[Row], size: int) -> Iterator[Batch]:
    """Batches of `size` rows in the order of the rows."""
    remaining = iter(rows)
    index = 0
    while some := list(islice(remaining, size)):
        yield Batch(index, some)
        index += 1


def column_key(name: str) -> str:
    """What two names of a column have in common that differ in capitals and in spaces around them alone."""
    return name.strip().casefold()
