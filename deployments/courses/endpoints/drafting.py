"""Editing the draft of a course."""

from __future__ import annotations

from uuid import UUID

from fastapi import Response

from deployments.courses.content_views import DraftModule, DraftUnit, DraftView, ModuleView
from deployments.courses.endpoints.common import MEBIBYTE, PREFIX, Courses
from deployments.courses.outlines import Module, Unit
from deployments.courses.schemas import ModuleChange, ModuleCreate, Order, UnitChange, UnitCreate
from deployments.kit.etags import etag
from deployments.kit.parameters import CurrentPrincipal, CurrentWork, IfMatch
from deployments.kit.routes import service_router

router = service_router(PREFIX)
# A text of 200,000 characters outside ASCII takes six bytes each where a client escapes them.
_UNIT_BYTES = 4 * MEBIBYTE


def _module(module: Module, response: Response) -> ModuleView:
    response.headers["etag"] = etag(module.revision)
    return ModuleView.model_validate(module)


def _unit(unit: Unit, response: Response) -> DraftUnit:
    response.headers["etag"] = etag(unit.revision)
    return DraftUnit.model_validate(unit)


def _draft_module(module: Module, units: list[Unit]) -> DraftModule:
    return DraftModule(
        id=module.id,
        title=module.title,
        revision=module.revision,
        units=[DraftUnit.model_validate(unit) for unit in units],
    )


@router.get("/{course_id}/draft", summary="The draft with its keys", response_model_exclude_unset=True)
async def read_draft(course_id: UUID, principal: CurrentPrincipal, work: CurrentWork, courses: Courses) -> DraftView:
    draft = await courses.drafting.read(work, principal, course_id)
    return DraftView(course_id=course_id, modules=[_draft_module(module, units) for module, units in draft.by_module()])


@router.post(
    "/{course_id}/modules",
    status_code=201,
    summary="Append a module, with its units if one likes",
    response_model_exclude_unset=True,
    max_body_size=8 * MEBIBYTE,
)
async def add_module(
    course_id: UUID,
    body: ModuleCreate,
    principal: CurrentPrincipal,
    work: CurrentWork,
    courses: Courses,
    response: Response,
) -> DraftModule:
    module, units = await courses.drafting.add_module(work, principal, course_id, body)
    response.headers["etag"] = etag(module.revision)
    return _draft_module(module, units)


@router.patch("/{course_id}/modules/{module_id}", summary="Rename a module")
async def rename_module(
    course_id: UUID,
    module_id: UUID,
    body: ModuleChange,
    principal: CurrentPrincipal,
    work: CurrentWork,
    courses: Courses,
    response: Response,
    if_match: IfMatch = None,
) -> ModuleView:
    module = await courses.drafting.rename_module(work, principal, course_id, module_id, body.title, if_match)
    return _module(module, response)


@router.delete("/{course_id}/modules/{module_id}", status_code=204, summary="Delete a module with its units")
async def delete_module(
    course_id: UUID,
    module_id: UUID,
    principal: CurrentPrincipal,
    work: CurrentWork,
    courses: Courses,
    if_match: IfMatch = None,
) -> None:
    await courses.drafting.delete_module(work, principal, course_id, module_id, if_match)


@router.post(
    "/{course_id}/modules/{module_id}/units",
    status_code=201,
    summary="Append a unit to a module",
    response_model_exclude_unset=True,
    max_body_size=_UNIT_BYTES,
)
async def add_unit(
    course_id: UUID,
    module_id: UUID,
    body: UnitCreate,
    principal: CurrentPrincipal,
    work: CurrentWork,
    courses: Courses,
    response: Response,
) -> DraftUnit:
    unit = await courses.drafting.add_unit(work, principal, course_id, module_id, body)
    response.headers["location"] = f"{PREFIX}/{course_id}/units/{unit.id}"
    return _unit(unit, response)


@router.get(
    "/{course_id}/units/{unit_id}", summary="A unit of the draft with its key", response_model_exclude_unset=True
)
async def read_unit(
    course_id: UUID, unit_id: UUID, principal: CurrentPrincipal, work: CurrentWork, courses: Courses, response: Response
) -> DraftUnit:
    return _unit(await courses.drafting.unit(work, principal, course_id, unit_id), response)


@router.patch(
    "/{course_id}/units/{unit_id}",
    summary="Change a unit",
    response_model_exclude_unset=True,
    max_body_size=_UNIT_BYTES,
)
async def change_unit(
    course_id: UUID,
    unit_id: UUID,
    body: UnitChange,
    principal: CurrentPrincipal,
    work: CurrentWork,
    courses: Courses,
    response: Response,
    if_match: IfMatch = None,
) -> DraftUnit:
    return _unit(await courses.drafting.change_unit(work, principal, course_id, unit_id, body, if_match), response)


@router.delete("/{course_id}/units/{unit_id}", status_code=204, summary="Delete a unit")
async def delete_unit(
    course_id: UUID,
    unit_id: UUID,
    principal: CurrentPrincipal,
    work: CurrentWork,
    courses: Courses,
    if_match: IfMatch = None,
) -> None:
    await courses.drafting.delete_unit(work, principal, course_id, unit_id, if_match)


@router.put("/{course_id}/order", summary="Put modules and units into another order", response_model_exclude_unset=True)
async def order(
    course_id: UUID, body: Order, principal: CurrentPrincipal, work: CurrentWork, courses: Courses
) -> DraftView:
    draft = await courses.drafting.order(work, principal, course_id, body)
    return DraftView(course_id=course_id, modules=[_draft_module(module, units) for module, units in draft.by_module()])
