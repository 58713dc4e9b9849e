"""Putting several rankings together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from typing import TypeVar

Item = TypeVar("Item", bound=Hashable)

K = 60


def reciprocal_rank_fusion(
    rankings: Iterable[Sequence[Item]], *, weights: Sequence[float] | None = None, k: float = K
) -> list[tuple[Item, float]]:
    """Items with scores, the best first: the sum over rankings of weight / (k + rank), ranks from one.

    Cormack, Clarke and Büttcher (2009), with their k of 60. Needs no scores, so rankings whose scores have nothing in
    common can be put together. Equal scores keep the order in which the items are first met.
    """
    rankings = list(rankings)
    scores: defaultdict[Item, float] = defaultdict(float)
    for ranking, weight in zip(rankings, weights or [1.0] * len(rankings), strict=True):
        for rank, item in enumerate(ranking, start=1):
            scores[item] += weight / (k + rank)
    return sorted(scores.items(), key=lambda scored: -scored[1])
