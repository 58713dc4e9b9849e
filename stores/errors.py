"""What a store can say went wrong.

StoreError
├── StoreUnavailable      no answer: down, starting, too many connections, time-out; retry later
├── StoreConflict         a concurrent transaction won (serialisation, deadlock, a migration); retry at once
└── UniqueViolation       a row with the same key exists; carries the constraint's name
"""

from __future__ import annotations

from configs.errors import AzoraError


class StoreError(AzoraError):
    type = "store-error"
    title = "A store failed"


class StoreUnavailable(StoreError):
    status = 503
    type = "unavailable"
    title = "A part of the platform is unavailable; try again shortly"
    retriable = True

    @property
    def headers(self) -> dict[str, str]:
        return {"retry-after": "1"}


class StoreConflict(StoreUnavailable):
    type = "contention"
    title = "Too much happened at once; try again"


class UniqueViolation(StoreError):
    status = 409
    type = "conflict"
    title = "It exists already"

    def __init__(self, constraint: str) -> None:
        super().__init__()
        self.constraint = constraint
