"""Cutting long lists, so that no single statement runs into the time limit of statements."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

Item = TypeVar("Item")
ROWS_PER_STATEMENT = 5_000


def batches(items: Sequence[Item], size: int = ROWS_PER_STATEMENT) -> Iterator[Sequence[Item]]:
    """The items in order, at most `size` at a time; nothing where there are none."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
