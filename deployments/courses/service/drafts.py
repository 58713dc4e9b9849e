"""Editing the draft of a course: its modules, its units and their order. Learners see none of it before publication."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

from deployments.courses.errors import DraftFull, ModuleNotFound, OutlineChanged
from deployments.courses.outlines import (
    MAXIMUM_DRAFT_BYTES,
    MAXIMUM_MODULES,
    MAXIMUM_UNITS,
    Draft,
    Module,
    Unit,
    misfit,
    names_exactly,
)
from deployments.courses.quizzes import stored
from deployments.courses.repository.drafts import DraftRepository
from deployments.courses.schemas import ModuleCreate, Order, UnitChange, UnitCreate
from deployments.courses.service.access import taught_course
from deployments.courses.service.authoring import unit_fields
from deployments.courses.service.news import News
from deployments.kit.errors import Invalid, UnitNotFound
from deployments.kit.etags import check_match
from deployments.kit.principal import Principal
from deployments.kit.work import Work
from stores.ids import new_id


class Drafting:
    """Each method raises `CourseNotFound` and `NotYourCourse` besides what it names."""

    def __init__(self, news: News) -> None:
        self._news = news

    async def read(self, work: Work, principal: Principal, course_id: UUID) -> Draft:
        """The whole draft, with the keys of its quizzes."""
        return await (await self._draft(work, principal, course_id, lock=False)).read()

    async def unit(self, work: Work, principal: Principal, course_id: UUID, unit_id: UUID) -> Unit:
        """One unit of the draft. Raises `UnitNotFound`."""
        return await self._unit(await self._draft(work, principal, course_id, lock=False), unit_id)

    async def add_module(
        self, work: Work, principal: Principal, course_id: UUID, request: ModuleCreate
    ) -> tuple[Module, list[Unit]]:
        """Append a module with its units. Raises `DraftFull`."""
        draft = await self._draft(work, principal, course_id)
        module_id = new_id()
        units = [unit_fields(unit, module_id) for unit in request.units]
        await draft.append_modules([{"id": module_id, "title": request.title}])
        if units:
            await draft.append_units(units)
        await self._require_room(draft)
        self._changed(work, course_id)
        module = Module(id=module_id, title=request.title, revision=1)
        return module, [Unit(**fields, revision=1) for fields in units]

    async def rename_module(
        self, work: Work, principal: Principal, course_id: UUID, module_id: UUID, title: str, if_match: str | None
    ) -> Module:
        """Raises `ModuleNotFound`, `PreconditionFailed`."""
        draft = await self._draft(work, principal, course_id)
        module = await self._module(draft, module_id)
        check_match(if_match, module.revision)
        if module.title == title:
            return module
        module = await draft.rename_module(module_id, title)
        self._changed(work, course_id)
        return module

    async def delete_module(
        self, work: Work, principal: Principal, course_id: UUID, module_id: UUID, if_match: str | None
    ) -> None:
        """Delete a module with its units. Raises `ModuleNotFound`, `PreconditionFailed`."""
        draft = await self._draft(work, principal, course_id)
        check_match(if_match, (await self._module(draft, module_id)).revision)
        await draft.delete_module(module_id)
        self._changed(work, course_id)

    async def add_unit(
        self, work: Work, principal: Principal, course_id: UUID, module_id: UUID, request: UnitCreate
    ) -> Unit:
        """Append a unit to a module. Raises `ModuleNotFound`, `DraftFull`."""
        draft = await self._draft(work, principal, course_id)
        await self._module(draft, module_id)
        fields = unit_fields(request, module_id)
        await draft.append_units([fields])
        await self._require_room(draft)
        self._changed(work, course_id)
        return Unit(**fields, revision=1)

    async def change_unit(
        self,
        work: Work,
        principal: Principal,
        course_id: UUID,
        unit_id: UUID,
        request: UnitChange,
        if_match: str | None,
    ) -> Unit:
        """Change the fields that the request names. Raises `UnitNotFound`, `PreconditionFailed`, `Invalid`."""
        draft = await self._draft(work, principal, course_id)
        unit = await self._unit(draft, unit_id)
        check_match(if_match, unit.revision)
        changed = _changed_unit(unit, request)
        if changed == unit:
            return unit
        changed = await draft.update_unit(changed)
        await self._require_room(draft)
        self._changed(work, course_id)
        return changed

    async def delete_unit(
        self, work: Work, principal: Principal, course_id: UUID, unit_id: UUID, if_match: str | None
    ) -> None:
        """Raises `UnitNotFound`, `PreconditionFailed`."""
        draft = await self._draft(work, principal, course_id)
        check_match(if_match, (await self._unit(draft, unit_id)).revision)
        await draft.delete_unit(unit_id)
        self._changed(work, course_id)

    async def order(self, work: Work, principal: Principal, course_id: UUID, request: Order) -> Draft:
        """Put the outline into the order that the request names in full. Raises `OutlineChanged`."""
        draft = await self._draft(work, principal, course_id)
        modules, units = await draft.ids()
        wanted = [module.id for module in request.modules]
        if not names_exactly(wanted, modules):
            raise OutlineChanged()
        if not names_exactly((unit for module in request.modules for unit in module.units), units):
            raise OutlineChanged()
        await draft.order(wanted, [(module.id, module.units) for module in request.modules])
        self._changed(work, course_id)
        return await draft.read()

    async def _draft(self, work: Work, principal: Principal, course_id: UUID, *, lock: bool = True) -> DraftRepository:
        await taught_course(work, principal, course_id, lock=lock)
        return DraftRepository(await work.connection(), work.org_id, course_id)

    async def _module(self, draft: DraftRepository, module_id: UUID) -> Module:
        module = await draft.module(module_id)
        if module is None:
            raise ModuleNotFound()
        return module

    async def _unit(self, draft: DraftRepository, unit_id: UUID) -> Unit:
        unit = await draft.unit(unit_id)
        if unit is None:
            raise UnitNotFound()
        return unit

    async def _require_room(self, draft: DraftRepository) -> None:
        size = await draft.size()
        if size.modules > MAXIMUM_MODULES or size.units > MAXIMUM_UNITS or size.bytes > MAXIMUM_DRAFT_BYTES:
            raise DraftFull()

    def _changed(self, work: Work, course_id: UUID) -> None:
        self._news.record(work, "course.updated.v1", course_id, changed=["draft"])


def _changed_unit(unit: Unit, request: UnitChange) -> Unit:
    given = request.model_fields_set
    if "kind" in given and request.kind != unit.kind:
        raise Invalid.field("kind", "kind_fixed", f"this unit is of the kind {unit.kind}")
    fields: dict[str, Any] = request.model_dump(include=given & {"title", "body", "video_url"})
    if "quiz" in given:
        fields["quiz"] = stored(request.quiz) if request.quiz else None
    if "assignment" in given:
        fields["assignment"] = stored(request.assignment) if request.assignment else None
    changed = replace(unit, **fields)
    problem = misfit(changed.kind, changed.video_url, changed.quiz, changed.assignment)
    if problem:
        raise Invalid.field(problem[0], "misfit", problem[1])
    return changed
