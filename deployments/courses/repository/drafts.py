"""The draft of a course: rows of `modules` and `units`. Callers hold the lock of the course."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from deployments.courses.outlines import Draft, Module, Unit
from stores.postgres import Connection
from stores.queries import load_queries

_queries = load_queries(__file__, "drafts.sql")


@dataclass(frozen=True, slots=True)
class DraftSize:
    """How much a draft holds."""

    modules: int
    units: int
    bytes: int


class DraftRepository:
    def __init__(self, connection: Connection, org_id: UUID, course_id: UUID) -> None:
        self._connection = connection
        self._org_id = org_id
        self._course_id = course_id

    async def read(self) -> Draft:
        """All of it, in order."""
        modules = [Module.from_row(row) async for row in _queries.modules(self._connection, course_id=self._course_id)]
        units = [Unit.from_row(row) async for row in _queries.units(self._connection, course_id=self._course_id)]
        return Draft(modules, units)

    async def ids(self) -> tuple[set[UUID], set[UUID]]:
        """The ids of the modules and of the units."""
        rows = [row async for row in _queries.outline(self._connection, course_id=self._course_id)]
        units = {row["unit_id"] for row in rows if row["unit_id"] is not None}
        return {row["module_id"] for row in rows}, units

    async def size(self) -> DraftSize:
        row = await _queries.size(self._connection, course_id=self._course_id)
        return DraftSize(row["modules"], row["units"], row["bytes"])

    async def module(self, module_id: UUID) -> Module | None:
        row = await _queries.module(self._connection, course_id=self._course_id, module_id=module_id)
        return Module.from_row(row) if row else None

    async def unit(self, unit_id: UUID) -> Unit | None:
        row = await _queries.unit(self._connection, course_id=self._course_id, unit_id=unit_id)
        return Unit.from_row(row) if row else None

    async def append_modules(self, modules: Sequence[Mapping[str, Any]]) -> None:
        """Write modules (`id`, `title`) after those that are there."""
        await _queries.insert_module(
            self._connection,
            [{"org_id": self._org_id, "course_id": self._course_id, **module} for module in modules],
        )

    async def append_units(self, units: Sequence[Mapping[str, Any]]) -> None:
        """Write units (the fields of `Unit`), each after those of its module."""
        await _queries.insert_unit(
            self._connection, [{"org_id": self._org_id, "course_id": self._course_id, **unit} for unit in units]
        )

    async def rename_module(self, module_id: UUID, title: str) -> Module:
        return Module.from_row(await _queries.rename_module(self._connection, module_id=module_id, title=title))

    async def update_unit(self, unit: Unit) -> Unit:
        """Write what an author may change of it."""
        row = await _queries.update_unit(
            self._connection,
            id=unit.id,
            title=unit.title,
            body=unit.body,
            video_url=unit.video_url,
            quiz=unit.quiz,
            assignment=unit.assignment,
        )
        return Unit.from_row(row)

    async def delete_module(self, module_id: UUID) -> bool:
        """Delete a module with its units; False where there is none."""
        return bool(await _queries.delete_module(self._connection, course_id=self._course_id, module_id=module_id))

    async def delete_unit(self, unit_id: UUID) -> bool:
        """Delete a unit; False where there is none."""
        return bool(await _queries.delete_unit(self._connection, course_id=self._course_id, unit_id=unit_id))

    async def order(self, modules: Sequence[UUID], units: Sequence[tuple[UUID, Sequence[UUID]]]) -> None:
        """Put modules into an order, and under each of them (second argument) its units."""
        await _queries.order_modules(self._connection, ids=list(modules))
        placed = [
            (unit_id, module_id, position)
            for module_id, unit_ids in units
            for position, unit_id in enumerate(unit_ids, start=1)
        ]
        await _queries.order_units(
            self._connection,
            ids=[unit_id for unit_id, _, _ in placed],
            module_ids=[module_id for _, module_id, _ in placed],
            positions=[position for _, _, position in placed],
        )
