"""The organisation's constitution."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path

from deployments.governance.endpoints.common import Governance, router
from deployments.governance.repository.constitutions import Version
from deployments.governance.schemas import (
    Bounds,
    ChangedVerdict,
    CheckList,
    CheckView,
    InForceView,
    Proposal,
    TrialView,
    VersionList,
    VersionSummary,
    VersionView,
)
from deployments.governance.service.constitutions import InForce
from deployments.governance.trial import Trial
from deployments.kit.parameters import CurrentPrincipal, CurrentWork
from learning.governance.catalogue import CATALOGUE, CheckSpec
from learning.governance.vocabulary import Verdict

Number = Annotated[int, Path(ge=0, le=2**31 - 1, description="0 is the one that the platform comes with")]


@router.get("/constitution", summary="The constitution that is in force")
async def read_in_force(work: CurrentWork, governance: Governance) -> InForceView:
    return _in_force(await governance.constitutions.in_force(work))


@router.get("/constitution/checks", summary="Every check there is, and what may be chosen about it")
async def list_checks() -> CheckList:
    return CheckList(items=[_check(spec) for spec in CATALOGUE.values()])


@router.get("/constitution/versions", summary="The organisation's versions, the newest first")
async def list_versions(work: CurrentWork, governance: Governance) -> VersionList:
    found, in_force = await governance.constitutions.versions(work)
    return VersionList(items=[_summary(version, version.number == in_force) for version in found])


@router.get("/constitution/versions/{number}", summary="One version")
async def read_version(number: Number, work: CurrentWork, governance: Governance) -> VersionView:
    version, in_force = await governance.constitutions.find(work, number)
    return _version(version, in_force)


@router.post("/constitution/versions", status_code=201, summary="Propose a version; it is not in force yet")
async def propose(
    body: Proposal, principal: CurrentPrincipal, work: CurrentWork, governance: Governance
) -> VersionView:
    version = await governance.constitutions.propose(work, principal, body.document, body.note)
    return _version(version, False)


@router.post("/constitution/versions/{number}/trial", summary="Try a version on the newest plans")
async def try_version(number: Number, work: CurrentWork, governance: Governance) -> TrialView:
    return _trial(await governance.constitutions.try_version(work, number))


@router.post("/constitution/versions/{number}/activate", summary="Put a version in force")
async def activate(
    number: Number, principal: CurrentPrincipal, work: CurrentWork, governance: Governance
) -> InForceView:
    return _in_force(await governance.constitutions.activate(work, principal, number))


def _in_force(found: InForce) -> InForceView:
    return InForceView(
        number=found.number,
        digest=found.document.digest,
        activated_by=found.activation.activated_by if found.activation else None,
        activated_at=found.activation.activated_at if found.activation else None,
        document=found.document,
    )


def _summary(version: Version, in_force: bool) -> VersionSummary:
    return VersionSummary(
        number=version.number,
        digest=version.digest,
        note=version.note,
        proposed_by=version.proposed_by,
        proposed_at=version.proposed_at,
        in_force=in_force,
    )


def _version(version: Version, in_force: bool) -> VersionView:
    assert version.document is not None, "it was asked for whole"
    return VersionView(**_summary(version, in_force).model_dump(), document=version.document)


def _check(spec: CheckSpec) -> CheckView:
    return CheckView(
        name=spec.name,
        constraint=spec.constraint,
        description=spec.description,
        places=sorted(spec.places),
        actions=[action.word for action in sorted(spec.actions)],
        default=spec.default.word,
        parameters={
            name: Bounds(mildest=mildest, default=default, strictest=strictest)
            for name, (mildest, default, strictest) in spec.parameters.items()
        },
    )


def _trial(trial: Trial) -> TrialView:
    return TrialView(
        plans=trial.verdicts.total(),
        allowed=trial.verdicts[Verdict.ALLOW],
        waiting=trial.verdicts[Verdict.APPROVAL],
        refused=trial.verdicts[Verdict.REFUSE],
        changed=trial.changed,
        examples=[
            ChangedVerdict(
                task_id=each.plan.task_id,
                judged_at=each.plan.judged_at,
                before=each.before.value,
                after=each.after.verdict.value,
                approvals=sorted(each.after.approvals),
                checks=sorted({finding.check for finding in each.after.reasons}),
            )
            for each in trial.examples
        ],
    )
