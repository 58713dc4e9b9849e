"""How automated decisions treat groups of people."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import Query

from deployments.governance.endpoints.common import Governance, router
from deployments.governance.repository.decisions import Measure, Stop
from deployments.governance.schemas import (
    DecisionList,
    DecisionView,
    MeasureList,
    MeasureView,
    Release,
    StopNow,
    StopView,
)
from deployments.governance.service.decisions import Standing
from deployments.kit.parameters import CurrentPrincipal, CurrentWork
from stores.decisions import AutomatedKind


@router.get("/decisions", summary="Each kind of automated decision: its newest figures, and whether it is stopped")
async def list_decisions(work: CurrentWork, governance: Governance) -> DecisionList:
    return DecisionList(items=[_standing(each) for each in await governance.decisions.standing(work)])


@router.get("/decisions/measures", summary="A kind's figures by day, the newest first")
async def list_measures(
    kind: AutomatedKind,
    work: CurrentWork,
    governance: Governance,
    before: Annotated[date | None, Query(description="Only days before this one")] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 30,
) -> MeasureList:
    return MeasureList(
        items=[_measure(each) for each in await governance.decisions.measures(work, kind, before, limit)]
    )


@router.post("/decisions/stop", summary="Have nothing more of this kind decided by machine")
async def stop(body: StopNow, principal: CurrentPrincipal, work: CurrentWork, governance: Governance) -> StopView:
    return _stop(await governance.decisions.stop(work, principal, body.kind, body.reason))


@router.post("/decisions/release", summary="Let decisions of this kind go on")
async def release(body: Release, principal: CurrentPrincipal, work: CurrentWork, governance: Governance) -> StopView:
    return _stop(await governance.decisions.release(work, principal, body.kind, body.note))


def _standing(found: Standing) -> DecisionView:
    return DecisionView(
        kind=found.kind,
        measure=_measure(found.measure) if found.measure else None,
        stop=_stop(found.stop) if found.stop else None,
    )


def _measure(found: Measure) -> MeasureView:
    return MeasureView.model_validate(found, from_attributes=True)


def _stop(found: Stop) -> StopView:
    return StopView.model_validate(found, from_attributes=True)
