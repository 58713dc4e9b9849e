"""Named SQL: loads a `queries.sql` beside its repository."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import aiosql


def load_queries(module_file: str, name: str = "queries.sql") -> Any:
    """The named queries of the SQL file that lies beside `module_file`, as awaitable functions.

    Each takes the connection first and its parameters by keyword. `name^` gives a row or None, `name$` a value,
    `name!` a command tag, a bare `name` an async iterator of rows.
    """
    return aiosql.from_path(Path(module_file).with_name(name), "asyncpg", kwargs_only=True, mandatory_parameters=False)
