"""One entry, and what may be in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any, Literal
from uuid import UUID

import orjson

from configs.errors import AzoraError
from stores.audit.catalogue import ACTIONS

# The organisation whose chain is the platform's own.
PLATFORM = UUID(int=0)

Outcome = Literal["done", "refused", "failed"]

_WITHHELD = "[withheld]"
_LONGEST_TEXT = 300
_DEEPEST = 8
_MOST_ITEMS = 200
_MOST_BYTES = 60_000


class UnknownAction(AzoraError):
    """The catalogue of `stores.audit` does not have the action."""

    type = "unknown-audit-action"
    title = "The audit log has no such action"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Who did what to whom, with what outcome.

    `actor` is a person's id, absent where the platform or a stranger acted; `subject` the id of whom or what it was
    done to. `details` are ids, figures and fixed words. What looks like an address, or is long enough to be somebody's
    words, is withheld: entries outlive the people they name by id.
    """

    org_id: UUID
    action: str
    source: str
    actor: UUID | None = None
    role: str | None = None
    subject: UUID | str | None = None
    outcome: Outcome = "done"
    trace: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.action not in ACTIONS:
            raise UnknownAction(f"{self.action} is not in stores/audit/catalogue.py")

    def body(self) -> str:
        """Canonical JSON: keys sorted, no white space, absent fields left out."""
        fields = {
            "action": self.action,
            "source": self.source,
            "actor": self.actor,
            "role": self.role,
            "subject": self.subject,
            "outcome": self.outcome,
            "trace": self.trace,
            "details": self.details or None,
        }
        plain = {name: _plain(value) for name, value in fields.items() if value is not None}
        made = orjson.dumps(plain, option=orjson.OPT_SORT_KEYS)
        if len(made) > _MOST_BYTES:  # rather without its details than not at all
            made = orjson.dumps(plain | {"details": {"withheld_bytes": len(made)}}, option=orjson.OPT_SORT_KEYS)
        return made.decode()


def _plain(value: Any, depth: int = _DEEPEST) -> Any:
    if value is None or isinstance(value, (bool, float)):
        return value
    if isinstance(value, int) and not isinstance(value, Enum):
        return value if abs(value) < 2**53 else str(value)
    if isinstance(value, Enum):
        return _plain(value.value)
    if isinstance(value, (UUID, date, Decimal)):  # a driver's UUID is a subclass, which orjson does not take
        return str(value)
    if isinstance(value, str):
        return value if _harmless(value) else _WITHHELD
    if depth == 0:
        return _WITHHELD
    if isinstance(value, Mapping):
        items = list(value.items())[:_MOST_ITEMS]
        return {str(_plain(str(name))): _plain(inner, depth - 1) for name, inner in items}
    if isinstance(value, (set, frozenset)):
        return sorted((_plain(inner, depth - 1) for inner in value), key=str)[:_MOST_ITEMS]
    if isinstance(value, Sequence) and not isinstance(value, (bytes, bytearray)):
        return [_plain(inner, depth - 1) for inner in value[:_MOST_ITEMS]]
    return _WITHHELD


def _harmless(text: str) -> bool:
    return len(text) <= _LONGEST_TEXT and "@" not in text and text.isprintable()
