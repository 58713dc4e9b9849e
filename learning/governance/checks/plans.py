"""Checks of whole plans: what only shows when the steps are seen together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from learning.governance.checks.seen import Seen
from learning.governance.checks.steps import Parameters
from learning.governance.views import PlanView
from learning.governance.vocabulary import ApprovalKind, DataClass, Effect, Origin

PlanCheck = Callable[[PlanView, Parameters], Iterator[Seen]]

_ACTING = {Effect.WRITE, Effect.SEND, Effect.DESTROY}
_REACHING = {Effect.WRITE, Effect.SEND}
_NEEDS_SOURCES = {ApprovalKind.CONTENT_GENERATION, ApprovalKind.AUTOMATED_GRADING, ApprovalKind.STUDENT_ASSESSMENT}
_SOURCES = {DataClass.COURSE, DataClass.PERSONAL, DataClass.OWN}


def malformed_plan(plan: PlanView, parameters: Parameters) -> Iterator[Seen]:
    if not 0 < len(plan.steps) <= parameters["steps"]:
        yield Seen(evidence=f"it has {len(plan.steps)} steps")
    before: set[str] = set()
    for step in plan.steps:
        if step.id in before:
            yield Seen(evidence="two steps have this id", step=step.id)
        for name, argument in step.arguments.items():
            if argument.source is not None and argument.source not in before:
                yield Seen(evidence=f"{step.tool}.{name} takes what no earlier step gives", step=step.id)
        before.add(step.id)


def unread_sources(plan: PlanView, _: Parameters) -> Iterator[Seen]:
    read = False
    for step in plan.steps:
        if step.approval in _NEEDS_SOURCES and not read and not step.data & _SOURCES:
            yield Seen(evidence=f"{step.tool} comes before anything was read", step=step.id)
        read = read or (step.effect is Effect.READ and bool(step.data & _SOURCES))


def unreviewed_output(plan: PlanView, _: Parameters) -> Iterator[Seen]:
    if any(step.approval is not None for step in plan.steps):
        return
    for step in plan.steps:
        for name, argument in step.arguments.items():
            if step.effect in _REACHING and Origin.MODEL in argument.origins:
                yield Seen(evidence=f"{step.tool}.{name} is what a model wrote", step=step.id)


def mass_effect(plan: PlanView, parameters: Parameters) -> Iterator[Seen]:
    acting = sum(step.effect in _ACTING for step in plan.steps)
    if acting > parameters["steps"]:
        yield Seen(evidence=f"{acting} steps write or send")


PLAN_CHECKS: Mapping[str, PlanCheck] = {
    check.__name__: check for check in (malformed_plan, unread_sources, unreviewed_output, mass_effect)
}
