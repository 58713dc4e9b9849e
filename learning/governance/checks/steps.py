"""Checks of single steps: the same for a step that is planned and for one that is about to be executed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from learning.governance.checks.seen import Seen
from learning.governance.views import PlanView, StepView
from learning.governance.vocabulary import ApprovalKind, DataClass, Effect, Origin

Parameters = Mapping[str, int]
StepCheck = Callable[[StepView, PlanView, Parameters], Iterator[Seen]]

_JUDGING = {ApprovalKind.AUTOMATED_GRADING, ApprovalKind.STUDENT_ASSESSMENT}
# Names of fields, in lower case without separators. A proxy as plain as a name of its own (`imd_band`) is one too.
_PROTECTED = frozenset(
    """
    gender sex genderidentity race ethnicity ethnicgroup ethnicorigin nationality nationalorigin citizenship
    religion religiousbelief faith creed disability disabled disabilities healthcondition medicalcondition
    sexualorientation maritalstatus pregnancy pregnant age ageband agegroup dateofbirth birthdate dob
    politicalopinion tradeunion skincolour skincolor caste imdband migrationstatus mothertongue
    """.split()  # noqa: SIM905
)
_SEPARATORS = re.compile(r"[^a-z0-9]+")
_DEEPEST = 6


def personal_data_unapproved(step: StepView, plan: PlanView, _: Parameters) -> Iterator[Seen]:
    if DataClass.PERSONAL in step.data and step.approval is None:
        yield Seen(evidence=f"{step.tool} reads about other people", step=step.id)


def personal_data_leaves(step: StepView, plan: PlanView, _: Parameters) -> Iterator[Seen]:
    if not step.external:
        return
    if DataClass.PERSONAL in step.data:
        yield Seen(evidence=f"{step.tool} takes personal data out of the cluster", step=step.id)
    for name, argument in step.arguments.items():
        if Origin.LEARNER_TEXT in argument.origins:
            yield Seen(evidence=f"{step.tool}.{name} takes a learner's text out of the cluster", step=step.id)


def many_people(step: StepView, plan: PlanView, parameters: Parameters) -> Iterator[Seen]:
    if DataClass.PERSONAL not in step.data:
        return
    if step.subjects is None:
        yield Seen(evidence=f"nobody knows how many people {step.tool} is about", step=step.id)
    elif step.subjects > parameters["people"]:
        yield Seen(evidence=f"{step.tool} is about {step.subjects} people", step=step.id)


def protected_attribute(step: StepView, plan: PlanView, _: Parameters) -> Iterator[Seen]:
    if not (step.judges or step.approval in _JUDGING):
        return
    for name, argument in step.arguments.items():
        for attribute in sorted(protected_fields({name: argument.value})):
            yield Seen(evidence=f"{step.tool}.{name} holds the attribute {attribute}", step=step.id)


def protected_fields(value: Any) -> set[str]:
    """The protected attributes among the names of fields of nested data, and among words in lists."""
    return {_SEPARATORS.sub("", found.lower()) for found in _fields(value, _DEEPEST)} & _PROTECTED


def _fields(value: Any, depth: int) -> Iterator[str]:
    """The names of all fields of nested data, and short words in lists, which name fields too."""
    if depth == 0:
        return
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield str(name)
            yield from _fields(inner, depth - 1)
    elif isinstance(value, (list, tuple, set, frozenset)):
        for inner in value:
            if isinstance(inner, str):
                yield inner
            else:
                yield from _fields(inner, depth - 1)


def forbidden_origin(step: StepView, plan: PlanView, _: Parameters) -> Iterator[Seen]:
    for name, argument in step.arguments.items():
        if not argument.origins:
            yield Seen(evidence=f"nobody knows where {step.tool}.{name} comes from", step=step.id)
        elif forbidden := argument.origins - argument.permitted:
            yield Seen(evidence=f"{step.tool}.{name} comes from {', '.join(sorted(forbidden))}", step=step.id)


def missing_permission(step: StepView, plan: PlanView, _: Parameters) -> Iterator[Seen]:
    if step.permission not in plan.permissions:
        yield Seen(evidence=f"{step.tool} needs {step.permission}", step=step.id)


def out_of_scope(step: StepView, plan: PlanView, _: Parameters) -> Iterator[Seen]:
    if step.tool not in plan.tools:
        yield Seen(evidence=f"{plan.kind} has no use for {step.tool}", step=step.id)
    if plan.courses is not None and (others := step.courses - plan.courses):
        yield Seen(evidence=f"{step.tool} reaches {len(others)} courses that the task is not about", step=step.id)


def destructive_step(step: StepView, plan: PlanView, _: Parameters) -> Iterator[Seen]:
    if step.effect is Effect.DESTROY:
        yield Seen(evidence=f"{step.tool} cannot be taken back", step=step.id)


def protected_content_leaves(step: StepView, plan: PlanView, _: Parameters) -> Iterator[Seen]:
    if not step.external:
        return
    if DataClass.COURSE in step.data:
        yield Seen(evidence=f"{step.tool} takes course content out of the cluster", step=step.id)
    for name, argument in step.arguments.items():
        if Origin.COURSE_TEXT in argument.origins:
            yield Seen(evidence=f"{step.tool}.{name} takes a course's text out of the cluster", step=step.id)


STEP_CHECKS: Mapping[str, StepCheck] = {
    check.__name__: check
    for check in (
        personal_data_unapproved,
        personal_data_leaves,
        many_people,
        protected_attribute,
        forbidden_origin,
        missing_permission,
        out_of_scope,
        destructive_step,
        protected_content_leaves,
    )
}
