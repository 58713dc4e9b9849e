"""Modules and units: their kinds and limits, snapshots of the draft, and what an order must name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self
from uuid import UUID

UnitKind = Literal["text", "video", "quiz", "assignment"]

MAXIMUM_MODULES = 200
MAXIMUM_UNITS = 1_000
MAXIMUM_DRAFT_BYTES = 16 * 1024 * 1024

_NEEDS = {"video": "video_url", "quiz": "quiz", "assignment": "assignment"}


def misfit(kind: UnitKind, video_url: object, quiz: object, assignment: object) -> tuple[str, str] | None:
    """The field that a unit of this kind lacks or must not have, and what is wrong with it; None where all is well."""
    given = {"video_url": video_url, "quiz": quiz, "assignment": assignment}
    for field, value in given.items():
        needed = _NEEDS.get(kind) == field
        if needed and value is None:
            return field, f"is needed by a unit of the kind {kind}"
        if not needed and value is not None:
            return field, f"does not belong to a unit of the kind {kind}"
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """One row of `modules`."""

    id: UUID
    title: str
    revision: int

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        return cls(**{name: row[name] for name in cls.__slots__})


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """One row of `units`; `quiz` and `assignment` in their stored form."""

    id: UUID
    module_id: UUID
    kind: UnitKind
    title: str
    body: str
    video_url: str | None
    quiz: dict[str, Any] | None
    assignment: dict[str, Any] | None
    revision: int

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        return cls(**{name: row[name] for name in cls.__slots__})

    def content(self) -> dict[str, Any]:
        """What a version keeps of it."""
        return {
            "id": str(self.id),
            "kind": self.kind,
            "title": self.title,
            "body": self.body,
            "video_url": self.video_url,
            "quiz": self.quiz,
            "assignment": self.assignment,
        }


@dataclass(frozen=True, slots=True)
class Draft:
    """Modules and units, each list in its order (units over all modules)."""

    modules: Sequence[Module]
    units: Sequence[Unit]

    def by_module(self) -> list[tuple[Module, list[Unit]]]:
        """Each module with its units."""
        found: dict[UUID, list[Unit]] = {module.id: [] for module in self.modules}
        for unit in self.units:
            found[unit.module_id].append(unit)
        return [(module, found[module.id]) for module in self.modules]

    def snapshot(self) -> dict[str, Any]:
        """The content of a version."""
        return {
            "modules": [
                {"id": str(module.id), "title": module.title, "units": [unit.content() for unit in units]}
                for module, units in self.by_module()
            ]
        }


def names_exactly(wanted: Iterable[UUID], present: Iterable[UUID]) -> bool:
    """Whether `wanted`, which names nothing twice, is a permutation of `present`."""
    return set(wanted) == set(present)
