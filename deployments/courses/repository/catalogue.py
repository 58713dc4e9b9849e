"""Searching the catalogue.

The query is put together from the fragments below, because each combination of filter and order has an index of its
own; everything that a reader sends travels as a parameter. Every order ends with the course's id, so that a position
in it is unique and the next page begins exactly behind it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Self
from uuid import UUID

from deployments.courses.ratings import PRIOR_WEIGHT
from deployments.courses.repository.courses import Rating, full_name
from stores.postgres import Connection

_EXCERPT_CHARACTERS = 300
_FACET_VALUES = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What a course must be. `taught_by` looks at one instructor's courses of any status instead of the published."""

    words: str | None = None
    category: str | None = None
    difficulty: str | None = None
    language: str | None = None
    tags: Sequence[str] = ()
    instructor_id: UUID | None = None
    price_min: Decimal | None = None
    price_max: Decimal | None = None
    free: bool | None = None
    rating_min: float | None = None
    taught_by: UUID | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """An order of the catalogue: by a key, then by id in the same direction."""

    key: str
    descending: bool


@dataclass(frozen=True, slots=True)
class Position:
    """Where a page ends: the sort key and id of its last course, and the mean rating its keys were computed with."""

    key: Any
    course_id: UUID
    mean: Decimal | None


ORDERS: Mapping[str, Order] = {
    "relevance": Order("found.rank", True),
    "newest": Order("c.published_at", True),
    "newest_own": Order("c.created_at", True),
    "title": Order("lower(c.title)", False),
    "price": Order("c.price", False),
    "rating": Order(
        f"case when coalesce(r.count, 0) = 0 then 0::float8"
        f" else (({PRIOR_WEIGHT} * {{mean}}::numeric + r.sum) / ({PRIOR_WEIGHT} + r.count))::float8 end",
        True,
    ),
    "popularity": Order("coalesce(p.enrollments, 0)", True),
}

_FACETS = ("category", "difficulty", "language", "tag")

_JOINS = """
  left join course_ratings r on r.course_id = c.id
  left join course_popularity p on p.course_id = c.id
"""


@dataclass(slots=True)
class _Parameters:
    """Parameters in the order in which they are called for; a call gives the name of a new one."""

    values: list[Any] = field(default_factory=list)

    def __call__(self, value: Any) -> str:
        self.values.append(value)
        return f"${len(self.values)}"


def _source(filters: Filters, parameter: _Parameters, *, ranked: bool) -> str:
    if not filters.words:
        return f"courses c{_JOINS}"
    search = "courses_matching" if ranked else "courses_found"  # ranks cost as much as finding
    return f"courses c join {search}({parameter(filters.words)}) found on found.id = c.id{_JOINS}"


def _scope(filters: Filters, parameter: _Parameters) -> list[str]:
    """The conditions that have no facet."""
    conditions = (
        ("c.instructor_id = {}", filters.taught_by),
        ("c.instructor_id = {}", filters.instructor_id),
        ("c.price >= {}", filters.price_min),
        ("c.price <= {}", filters.price_max),
        ("(c.price = 0) = {}", filters.free),
        ("r.count > 0 and r.sum::float8 / r.count >= {}", filters.rating_min),
    )
    present = [text.format(parameter(value)) for text, value in conditions if value is not None]
    return present if filters.taught_by else ["c.status = 'published'", *present]


def _choices(filters: Filters, parameter: _Parameters) -> dict[str, str]:
    """The conditions that have facets, by facet; those that the reader left open are absent."""
    conditions: dict[str, tuple[str, Any]] = {
        "category": ("c.category = {}", filters.category),
        "difficulty": ("c.difficulty = {}", filters.difficulty),
        "language": ("c.language = {}", filters.language),
        "tag": ("c.tags @> {}::text[]", list(filters.tags) or None),
    }
    return {facet: text.format(parameter(value)) for facet, (text, value) in conditions.items() if value is not None}


def page_query(
    filters: Filters, order: Order, mean: Decimal | None, after: Position | None, limit: int
) -> tuple[str, list[Any]]:
    """The statement that reads one page behind a position, and its parameters."""
    parameter = _Parameters()
    source = _source(filters, parameter, ranked="found.rank" in order.key)
    conditions = [*_scope(filters, parameter), *_choices(filters, parameter).values()]
    key = order.key.format(mean=parameter(mean)) if "{mean}" in order.key else order.key
    if after is not None:
        sign = "<" if order.descending else ">"
        conditions.append(f"({key}, c.id) {sign} ({parameter(after.key)}, {parameter(after.course_id)})")
    direction = "desc" if order.descending else "asc"
    text = f"""
        with page as (
            select c.id, {key} as key from {source}
             where {" and ".join(conditions)}
             order by {key} {direction}, c.id {direction}
             limit {parameter(limit)}
        )
        select page.key, c.id, c.title, left(c.description, {_EXCERPT_CHARACTERS}) as excerpt, c.category, c.difficulty,
               c.duration, c.price, c.currency, c.language, c.tags, c.status, c.created_at, c.published_at,
               c.instructor_id, u.first_name, u.last_name, coalesce(r.count, 0) as rating_count,
               coalesce(r.sum, 0) as rating_sum, mean_rating(o.sum, o.count) as mean_rating
          from page
          join courses c on c.id = page.id
          join users u on u.id = c.instructor_id
          left join course_ratings r on r.course_id = c.id
          left join organisation_ratings o on o.org_id = c.org_id
         order by page.key {direction}, page.id {direction}
    """  # noqa: S608
    return text, parameter.values


def facet_query(filters: Filters) -> tuple[str, list[Any]]:
    """The statement that counts the facets, each under all filters but its own, and its parameters."""
    parameter = _Parameters()
    source = _source(filters, parameter, ranked=False)
    scope = " and ".join(_scope(filters, parameter))
    choices = _choices(filters, parameter)
    flags = ", ".join(f"({choices.get(facet, 'true')}) as in_{facet}" for facet in _FACETS)
    switches = ", ".join(f"in_{facet}" for facet in _FACETS)
    text = f"""
        with matching as materialized (
            select c.category, c.difficulty, c.language, c.tags, {flags} from {source} where {scope}
        ), alike as materialized (
            select category, difficulty, language, {switches}, count(*) as courses
              from matching group by category, difficulty, language, {switches}
        )
        {" union all ".join(f"({_facet_count(facet)})" for facet in _FACETS)}
    """  # noqa: S608
    return text, parameter.values


def _facet_count(facet: str) -> str:
    others = " and ".join(f"in_{other}" for other in _FACETS if other != facet)
    # Counted over courses that are alike, but for tags, of which a course has many.
    chosen = "unnest(tags) as value, 1 as courses from matching" if facet == "tag" else f"{facet}, courses from alike"
    return f"""
        select '{facet}' as facet, value, sum(courses)::bigint as count
          from (select {chosen} where {others}) as chosen (value, courses)
         group by value order by count desc, value limit {_FACET_VALUES}
    """  # noqa: S608


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A course as the catalogue lists it; `key` is its place in the order asked for."""

    key: Any
    id: UUID
    title: str
    excerpt: str
    instructor_id: UUID
    instructor_name: str
    category: str
    difficulty: str
    duration_minutes: int
    price: Decimal
    currency: str
    language: str
    tags: Sequence[str]
    status: str
    rating: Rating
    created_at: datetime
    published_at: datetime | None

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        computed = {
            "instructor_name": full_name(row),
            "duration_minutes": row["duration"],
            "rating": Rating.from_row(row),
        }
        return cls(**computed, **{name: row[name] for name in cls.__slots__ if name not in computed})


class CatalogueRepository:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def mean_rating(self, org_id: UUID) -> Decimal | None:
        """The mean of all ratings of the organisation."""
        mean: Decimal | None = await self._connection.fetchval(
            "select mean_rating(sum, count) from organisation_ratings where org_id = $1", org_id
        )
        return mean

    async def page(
        self, filters: Filters, order: Order, mean: Decimal | None, after: Position | None, limit: int
    ) -> list[Entry]:
        """Courses behind a position in the order."""
        text, values = page_query(filters, order, mean, after, limit)
        return [Entry.from_row(dict(row)) for row in await self._connection.fetch(text, *values)]

    async def facets(self, filters: Filters) -> dict[str, list[tuple[str, int]]]:
        """For each facet its most frequent values, with counts."""
        text, values = facet_query(filters)
        found: dict[str, list[tuple[str, int]]] = {facet: [] for facet in _FACETS}
        for row in await self._connection.fetch(text, *values):
            found[row["facet"]].append((row["value"], row["count"]))
        return found
