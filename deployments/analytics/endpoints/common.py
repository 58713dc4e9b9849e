"""What the routes share."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Header, Query, Request, Response
from pydantic import BaseModel

from deployments.analytics import tables
from deployments.analytics.service import AnalyticsService, trends
from deployments.analytics.tables import Table
from deployments.analytics.windows import Granularity
from deployments.kit.times import Moment

View = TypeVar("View", bound=BaseModel)

PREFIX = "/api/analytics"
CSV, PARQUET, JSON = "text/csv", "application/vnd.apache.parquet", "application/json"


async def _service(request: Request) -> AnalyticsService:
    service = request.app.state.service
    assert isinstance(service, AnalyticsService)
    return service


Service = Annotated[AnalyticsService, Depends(_service)]
Start = Annotated[
    Moment | None,
    Query(alias="from", description="Where the range begins; the window that it lies in is the first"),
]
End = Annotated[
    Moment | None,
    Query(alias="to", description="Where the range ends; now where it is left out. It is not part of the range"),
]
Windows = Annotated[Granularity, Query(description="The length of a window")]
Metrics = Annotated[str | None, Query(max_length=1_000, description="Names of figures with commas between; at most 20")]


async def _asked(
    start: Start = None, end: End = None, granularity: Windows = Granularity.DAY, metrics: Metrics = None
) -> trends.Asked:
    return trends.Asked(start, end, granularity, metrics)


Asked = Annotated[trends.Asked, Depends(_asked)]


class Format(StrEnum):
    JSON = "json"
    CSV = "csv"
    PARQUET = "parquet"


_MEDIA_TYPES = {Format.JSON: JSON, Format.CSV: CSV, Format.PARQUET: PARQUET}


async def _format(
    format: Annotated[Format | None, Query(description="Passes over `Accept`")] = None,
    accept: Annotated[
        str | None, Header(max_length=1_000, description=f"`{JSON}`, `{CSV}` or `{PARQUET}`", include_in_schema=False)
    ] = None,
) -> Format:
    return format or accepted(accept or "")


Wanted = Annotated[Format, Depends(_format)]
# A table can be had in three formats; only one of them has a model.
TABLE_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {
            CSV: {"schema": {"type": "string"}},
            PARQUET: {"schema": {"type": "string", "format": "binary"}},
        }
    }
}


def accepted(header: str) -> Format:
    """The format that an `Accept` header (RFC 9110, section 12.5.1) likes best; JSON where it names none of ours."""
    best, best_quality = Format.JSON, 0.0
    for part in header.split(","):
        media_type, *parameters = (piece.strip().lower() for piece in part.split(";"))
        quality = next((_quality(one) for one in parameters if one.startswith("q=")), 1.0)
        for candidate, name in _MEDIA_TYPES.items():
            if name == media_type and quality > best_quality:
                best, best_quality = candidate, quality
    return best


def _quality(parameter: str) -> float:
    try:
        return float(parameter.removeprefix("q="))
    except ValueError:
        return 0.0


async def told(view: View, wanted: Format, table: Callable[[View], Table]) -> View | Response:
    """The view as it is for JSON, else a file with its table."""
    if wanted is Format.JSON:
        return view
    write = tables.to_csv if wanted is Format.CSV else tables.to_parquet
    flat = table(view)
    body = await asyncio.to_thread(write, flat)
    disposition = f'attachment; filename="{flat.name}.{wanted}"'
    return Response(body, media_type=_MEDIA_TYPES[wanted], headers={"content-disposition": disposition})
