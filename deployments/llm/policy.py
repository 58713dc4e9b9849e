"""What an organisation may decide about models."""

from __future__ import annotations

from dataclasses import dataclass

from configs.models import DataRule


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """`models` None: all; `rule` None: the table's alone; `budgets`: whether there are any."""

    models: frozenset[str] | None = None
    rule: DataRule | None = None
    cache_seconds: int | None = None
    transcript_days: int | None = None
    budgets: bool = False

    def offers(self, model: str) -> bool:
        """Whether the organisation's people may ask for the name."""
        return self.models is None or model in self.models
