"""Finding courses."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from deployments.courses.repository.catalogue import ORDERS, CatalogueRepository, Entry, Filters, Position
from deployments.courses.schemas import CatalogueQuery
from deployments.kit.paging import decode_cursor, encode_cursor
from deployments.kit.principal import Principal
from deployments.kit.work import Work

# Where nobody has rated anything yet, no course has a rating to compare: any mean will do.
_NEUTRAL_MEAN = Decimal(3)
_GREATEST_BIGINT = 2**63 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A page of the catalogue; `facets` where they were asked for."""

    entries: list[Entry]
    next_cursor: str | None
    facets: dict[str, list[tuple[str, int]]] | None


class Catalogue:
    async def search(self, work: Work, principal: Principal, query: CatalogueQuery) -> Found:
        """The courses that a query asks for. Raises `Invalid` for a cursor of another order."""
        catalogue = CatalogueRepository(await work.connection())
        filters, order_name = _filters(query, principal), _order_name(query)
        after = _position(query.cursor, order_name)
        mean = after.mean if after else await self._mean(catalogue, order_name, work.org_id)
        rows = await catalogue.page(filters, ORDERS[order_name], mean, after, query.limit + 1)
        entries = rows[: query.limit]
        more = len(rows) > query.limit
        return Found(
            entries=entries,
            next_cursor=_cursor(order_name, entries[-1], mean) if more else None,
            facets=await catalogue.facets(filters) if query.facets else None,
        )

    async def _mean(self, catalogue: CatalogueRepository, order_name: str, org_id: UUID) -> Decimal | None:
        if order_name != "rating":
            return None
        return await catalogue.mean_rating(org_id) or _NEUTRAL_MEAN


def _filters(query: CatalogueQuery, principal: Principal) -> Filters:
    return Filters(
        words=query.q,
        category=query.category,
        difficulty=query.difficulty,
        language=query.language,
        tags=tuple(dict.fromkeys(query.tag)),
        instructor_id=query.instructor_id,
        price_min=query.price_min,
        price_max=query.price_max,
        free=query.free,
        rating_min=query.rating_min,
        taught_by=principal.user_id if query.mine else None,
    )


def _order_name(query: CatalogueQuery) -> str:
    name = query.sort or ("relevance" if query.q else "newest")
    return "newest_own" if name == "newest" and query.mine else name


def _finite(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError("not a finite number")
    return number


def _bigint(value: Any) -> int:
    number = int(value)
    if not 0 <= number <= _GREATEST_BIGINT:
        raise ValueError("out of range")
    return number


def _money(value: Any) -> Decimal:
    number = Decimal(str(value))
    if not 0 <= number < 10**8:  # false for NaN too
        raise ValueError("out of range")
    return number.quantize(Decimal("0.01"))


def _moment(value: Any) -> datetime:
    return datetime.fromisoformat(value).astimezone(UTC)


def _text(value: Any) -> str:
    if not isinstance(value, str) or "\x00" in value:
        raise ValueError("not a text")
    return value


_KEYS: Mapping[str, Callable[[Any], Any]] = {
    "relevance": _finite,
    "newest": _moment,
    "newest_own": _moment,
    "title": _text,
    "price": _money,
    "rating": _finite,
    "popularity": _bigint,
}


def _cursor(order_name: str, last: Entry, mean: Decimal | None) -> str:
    # The mean travels along: were it to move between two pages, courses would change places behind the reader's back.
    return encode_cursor(order_name, last.key, last.id, mean)


def _position(cursor: str | None, order_name: str) -> Position | None:
    def same_order(name: Any) -> str:
        if name != order_name:
            raise ValueError("a cursor of another order")
        return order_name

    def same_mean(mean: Any) -> Decimal | None:
        if (mean is not None) != (order_name == "rating"):
            raise ValueError("a cursor of another order")
        return None if mean is None else _money(mean)

    parts = decode_cursor(cursor, same_order, _KEYS[order_name], UUID, same_mean)
    return Position(key=parts[1], course_id=parts[2], mean=parts[3]) if parts else None
