"""Checks of calls against the plan they belong to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from learning.governance.checks.seen import Seen
from learning.governance.checks.steps import Parameters
from learning.governance.views import Argument, CallView

CallCheck = Callable[[CallView, Parameters], Iterator[Seen]]

_FIXED = ("tool", "effect", "permission", "approval", "data", "courses", "external", "judges")


def outside_plan(call: CallView, _: Parameters) -> Iterator[Seen]:
    step, planned = call.step, call.plan.step(call.step.id)
    if planned is None:
        yield Seen(evidence="the plan has no such step", step=step.id)
        return
    for name in _FIXED:
        if getattr(step, name) != getattr(planned, name):
            yield Seen(evidence=f"its {name} is not the planned one", step=step.id)
    if planned.subjects is not None and step.subjects != planned.subjects:
        yield Seen(evidence="it is about more or fewer people than planned", step=step.id)
    if step.arguments.keys() != planned.arguments.keys():
        yield Seen(evidence="its arguments are not the planned ones", step=step.id)
        return
    for name, argument in step.arguments.items():
        if problem := _departs(argument, planned.arguments[name]):
            yield Seen(evidence=f"{step.tool}.{name} {problem}", step=step.id)


def _departs(argument: Argument, planned: Argument) -> str | None:
    """How an argument differs from its plan in what the plan had fixed."""
    if argument.permitted != planned.permitted or argument.source != planned.source:
        return "is not bound as planned"
    if not argument.origins <= planned.origins:
        return f"comes from {', '.join(sorted(argument.origins - planned.origins))}, which was not planned"
    if planned.source is None and argument.value != planned.value:
        return "has another value than planned"
    return None


CALL_CHECKS: Mapping[str, CallCheck] = {"outside_plan": outside_plan}
