"""What the database's driver raises, as the platform's own errors."""

from __future__ import annotations

import asyncpg
import pytest

from stores.errors import StoreConflict
from stores.postgres import translated


@pytest.mark.parametrize(
    "kind", [asyncpg.SerializationError, asyncpg.DeadlockDetectedError, asyncpg.InvalidCachedStatementError]
)
def test_what_would_succeed_the_next_time_may_be_tried_at_once(kind: type[asyncpg.PostgresError]) -> None:
    with pytest.raises(StoreConflict), translated():
        raise kind("whatever")
