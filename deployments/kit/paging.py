"""Cursor paging: a page ends with an opaque cursor that begins the next; rows added meanwhile shift nothing."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

import orjson
from pydantic import BaseModel, Field

from deployments.kit.errors import Invalid

Item = TypeVar("Item")


class Page(BaseModel, Generic[Item]):
    """Some items, and where the next ones begin; no `next_cursor` on the last page."""

    items: list[Item]
    next_cursor: str | None = Field(default=None)


def encode_cursor(*position: Any) -> str:
    """An opaque cursor for a position in the order of the list (the sort values of its last row)."""
    return base64.urlsafe_b64encode(orjson.dumps(position, default=str)).decode().rstrip("=")


def decode_cursor(cursor: str | None, *kinds: Callable[[Any], Any]) -> list[Any] | None:
    """The position a cursor stands for, each part read by its kind (`UUID`, `datetime.fromisoformat`, ...).

    Raises `Invalid` for a cursor that this list did not make.
    """
    if cursor is None:
        return None
    try:
        values = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        return [kind(value) for kind, value in zip(kinds, values, strict=True)]
    except (ValueError, TypeError, AttributeError, ArithmeticError):
        raise Invalid(
            [{"pointer": "/query/cursor", "code": "invalid_cursor", "message": "not a cursor of this list"}]
        ) from None


def split_page(
    rows: Sequence[Any], limit: int, position: Callable[[Any], tuple[Any, ...]]
) -> tuple[list[Any], str | None]:
    """Cut a result that was asked for one row more than the page holds: the rows, and the next cursor or None."""
    if len(rows) <= limit:
        return list(rows), None
    kept = list(rows[:limit])
    return kept, encode_cursor(*position(kept[-1]))
