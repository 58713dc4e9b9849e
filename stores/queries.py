"""Named SQL: loads a `queries.sql` beside its repository."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import aiosql
from aiosql.adapters.asyncpg import AsyncPGAdapter


class _Adapter(AsyncPGAdapter):  # type: ignore[misc]  # the library does not annotate it
    """Runs statements on the connection it is given; the library's own asks each time whether that is a pool."""

    async def select(
        self, conn: Any, query_name: str, sql: str, parameters: Mapping[str, Any], record_class: Any = None
    ) -> AsyncIterator[Any]:
        for row in await conn.fetch(sql, *self._ordered(query_name, parameters)):
            yield row

    async def select_one(
        self, conn: Any, query_name: str, sql: str, parameters: Mapping[str, Any], record_class: Any = None
    ) -> Any:
        return await conn.fetchrow(sql, *self._ordered(query_name, parameters))

    async def select_value(self, conn: Any, query_name: str, sql: str, parameters: Mapping[str, Any]) -> Any:
        return await conn.fetchval(sql, *self._ordered(query_name, parameters))

    async def insert_update_delete(self, conn: Any, query_name: str, sql: str, parameters: Mapping[str, Any]) -> Any:
        return await conn.execute(sql, *self._ordered(query_name, parameters))

    def _ordered(self, query_name: str, parameters: Mapping[str, Any]) -> list[Any]:
        return [parameters[name] for name in self.var_sorted[query_name]]


def load_queries(module_file: str, name: str = "queries.sql") -> Any:
    """The named queries of the SQL file that lies beside `module_file`, as awaitable functions.

    Each takes the connection first and its parameters by keyword. `name^` gives a row or None, `name$` a value,
    `name!` a command tag, a bare `name` an async iterator of rows.
    """
    return aiosql.from_path(Path(module_file).with_name(name), _Adapter, kwargs_only=True, mandatory_parameters=False)
