"""Averages of ratings."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

PRIOR_WEIGHT = 10
_HUNDREDTH = Decimal("0.01")


def average(count: int, total: int) -> Decimal | None:
    """The plain mean of `count` ratings that add up to `total`, to two decimals; None where there are none."""
    return _rounded(Decimal(total) / count) if count else None


def fair_average(count: int, total: int, mean: Decimal | None) -> Decimal | None:
    """The mean drawn towards the organisation's mean, the more the fewer the ratings; None where there are none.

        fair = (m * C + total) / (m + count)        m = 10, C = the organisation's mean rating, to two decimals

    A Bayesian average: the posterior mean under a prior that weighs as much as m ratings of C. The formula is the
    "weighted rating" that the Internet Movie Database published for its Top 250; why drawing many means towards
    their common mean errs less than leaving them: Efron and Morris, "Stein's Paradox in Statistics" (1977).
    """
    if not count or mean is None:
        return None
    return _rounded((PRIOR_WEIGHT * mean + total) / (PRIOR_WEIGHT + count))


def _rounded(value: Decimal) -> Decimal:
    return value.quantize(_HUNDREDTH, ROUND_HALF_UP)
