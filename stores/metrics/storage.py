"""The database's pools and both stores' failures."""

from __future__ import annotations

import time
from typing import Literal, get_args

from stores.metrics.registry import counter, gauge, histogram

Failure = Literal["unavailable", "conflict", "refused"]

ACQUIRE = histogram(
    "azora_database_acquire_seconds",
    "Waiting for a connection of the pool",
    ("role",),
    (0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 3.0),
)
IN_USE = gauge("azora_database_connections_in_use", "Connections inside a transaction", ("role",))
LIMIT = gauge("azora_database_connections_limit", "The most connections that the pools may open", ("role",))
DATABASE_FAILURES = counter(
    "azora_database_failures_total", "Transactions that the database failed", ("kind",), known=get_args(Failure)
)
VALKEY_FAILURES = counter(
    "azora_valkey_failures_total", "Commands that Valkey failed", ("kind",), known=("unavailable", "refused")
)


class Pool:
    """One connection pool."""

    def __init__(self, role: str, size: int) -> None:
        self._size = size
        self._limit = LIMIT.labels(role)
        self._in_use = IN_USE.labels(role)
        self._acquire = ACQUIRE.labels(role)

    def opened(self) -> None:
        """The pool may now open connections."""
        self._limit.inc(self._size)

    def closed(self) -> None:
        """It may no longer."""
        self._limit.dec(self._size)

    def acquired(self, asked_at: float) -> None:
        """A connection was given; `asked_at` is `time.perf_counter()` as it was asked for."""
        self._acquire.observe(time.perf_counter() - asked_at)
        self._in_use.inc()

    def released(self) -> None:
        """It was given back."""
        self._in_use.dec()


def database_failed(kind: Failure) -> None:
    """Count a transaction that the database failed; a violated constraint is none."""
    DATABASE_FAILURES.labels(kind).inc()


def valkey_failed(kind: Failure) -> None:
    """Count a command that Valkey failed."""
    VALKEY_FAILURES.labels(kind).inc()
