"""Plans without what people wrote: enough to judge them again, nothing to erase."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import orjson
from pydantic import TypeAdapter

from learning.governance.checks.steps import protected_fields
from learning.governance.digests import canonical
from learning.governance.views import Argument, PlanView, StepView

_ADAPTER: TypeAdapter[PlanView] = TypeAdapter(PlanView)
_NOBODY = UUID(int=0)


def shape_of(plan: PlanView) -> dict[str, Any]:
    """The plan as JSON. Of arguments' values only the names of protected attributes are kept, of people nobody."""
    bare = PlanView(
        org_id=plan.org_id,
        task_id=plan.task_id,
        kind=plan.kind,
        asker_id=_NOBODY,
        asker_role=plan.asker_role,
        permissions=plan.permissions,
        tools=plan.tools,
        steps=tuple(_bare(step) for step in plan.steps),
        courses=plan.courses,
    )
    shape: dict[str, Any] = orjson.loads(canonical(bare))
    return shape


def plan_of(shape: Mapping[str, Any]) -> PlanView:
    """The plan that a shape was made of, as far as it was kept. Raises pydantic's `ValidationError`."""
    return _ADAPTER.validate_python(shape)


def _bare(step: StepView) -> StepView:
    arguments = {
        name: Argument(
            value=sorted(protected_fields({name: argument.value})) or None,
            origins=argument.origins,
            permitted=argument.permitted,
            source=argument.source,
        )
        for name, argument in step.arguments.items()
    }
    return StepView(
        id=step.id,
        tool=step.tool,
        effect=step.effect,
        permission=step.permission,
        approval=step.approval,
        data=step.data,
        subjects=step.subjects,
        courses=step.courses,
        external=step.external,
        judges=step.judges,
        arguments=arguments,
    )
