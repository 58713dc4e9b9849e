"""What the stream tells: what changed between two documents, and cursors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Self

_LONGEST_CURSOR = 4_096


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """The members of `after` that differ, objects member by member. Documents of one scope have the same members."""
    found: dict[str, Any] = {}
    for name, value in after.items():
        former = before.get(name)
        if isinstance(value, dict) and isinstance(former, dict):
            if inner := changes(former, value):
                found[name] = inner
        elif value != former:
            found[name] = value
    return found


@dataclass(frozen=True, slots=True)
class Cursor:
    """What a reading saw: the figures' generation, the day it called today, and how far each partition was."""

    generation: int
    today: date
    versions: Mapping[int, int]

    def __str__(self) -> str:
        versions = ".".join(f"{partition}-{version}" for partition, version in sorted(self.versions.items()))
        return f"{self.generation}.{self.today:%Y%m%d}.{versions}"

    @classmethod
    def parse(cls, text: str | None) -> Self | None:
        """A client's `Last-Event-ID`; None where it is none of ours."""
        if text is None or len(text) > _LONGEST_CURSOR or not text.isascii():
            return None
        try:
            generation, day, *parts = text.split(".")
            versions = dict(_version(part) for part in parts if part)
            return cls(int(generation), date.fromisoformat(f"{day[:4]}-{day[4:6]}-{day[6:]}"), versions)
        except ValueError:
            return None

    def covers(self, other: Cursor, touched: Mapping[int, int]) -> bool:
        """Whether whoever is here has all that `other` saw of a scope that was last touched at those versions."""
        return (
            self.generation == other.generation
            and self.today == other.today
            and all(version <= self.versions.get(partition, -1) for partition, version in touched.items())
        )


def _version(part: str) -> tuple[int, int]:
    partition, version = part.split("-")
    return int(partition), int(version)
