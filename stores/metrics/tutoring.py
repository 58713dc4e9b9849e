"""Where the tutor has from what was said before."""

from __future__ import annotations

from typing import Literal, get_args

from stores.metrics.registry import counter

Origin = Literal["remembered", "read", "unavailable"]

RECALLED = counter(
    "azora_tutor_recalled_total",
    "Turns by where what was said before came from",
    ("origin",),
    known=get_args(Origin),
)


def recalled(origin: Origin) -> None:
    """Count one turn: what came before it was in memory, or was read, perhaps because no memory answered."""
    RECALLED.labels(origin).inc()
