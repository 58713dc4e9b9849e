"""Plans and calls as the governor sees them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from actors.agent.checking import Checked
from actors.agent.kinds.base import AnyKind, Asker
from actors.agent.origins import Person, marks, permitted
from actors.agent.plan import Given, Step
from learning.governance.views import Argument, CallView, PlanView, StepView
from learning.governance.vocabulary import ApprovalKind, DataClass, Origin


def plan_view(checked: Checked, kind: AnyKind, asker: Asker, task_id: UUID, course_id: UUID | None) -> PlanView:
    """The whole plan."""
    return PlanView(
        org_id=asker.org_id,
        task_id=task_id,
        kind=kind.name,
        asker_id=asker.user_id,
        asker_role=asker.role,
        permissions=asker.permissions,
        tools=kind.tools,
        steps=tuple(_step_view(checked, step) for step in checked.plan.steps),
        courses=None if course_id is None else frozenset({course_id}),
    )


def call_view(
    plan: PlanView, key: str, values: Mapping[str, Any], origins: Mapping[str, Collection[Origin]],
    approved: frozenset[ApprovalKind],
) -> CallView:  # fmt: skip
    """A step with the values that it has by now."""
    planned = plan.step(key)
    assert planned is not None
    arguments = {
        name: Argument(
            value=value, origins=frozenset(origins[name]), permitted=planned.arguments[name].permitted,
            source=planned.arguments[name].source,
        )
        for name, value in values.items()
    }  # fmt: skip
    step = replace(planned, arguments=arguments)
    return CallView(plan=plan, step=step, approved=approved, approved_digest=plan.digest if approved else None)


def _step_view(checked: Checked, step: Step) -> StepView:
    tool = checked.tools[step.key]
    return StepView(
        id=step.key,
        tool=step.tool,
        effect=tool.effect,
        permission=tool.permission,
        approval=tool.approval,
        data=tool.data,
        subjects=_subjects(step, tool),
        courses=frozenset(_courses(step)),
        external=tool.external,
        judges=tool.judges,
        arguments={
            name: Argument(
                value=argument.given if isinstance(argument, Given) else None,
                origins=checked.origins[step.key][name],
                permitted=permitted(tool.arguments, name),
                source=None if isinstance(argument, Given) else argument.step,
            )
            for name, argument in step.arguments.items()
        },
    )


def _subjects(step: Step, tool: Any) -> int | None:
    named = marks(tool.arguments, Person)
    if not named:
        return 1 if DataClass.PERSONAL in tool.data else 0
    held = [step.arguments[name] for name in named if name in step.arguments]
    if not all(isinstance(one, Given) for one in held):
        return None
    return sum(len(one.given) if isinstance(one.given, list) else 1 for one in held if isinstance(one, Given))


def _courses(step: Step) -> list[UUID]:
    found = step.arguments.get("course_id")
    return [UUID(str(found.given))] if isinstance(found, Given) and found.given is not None else []
