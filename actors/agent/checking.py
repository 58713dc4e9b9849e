"""Every rule that a plan must keep, whoever made it. Pure; run before anything is done."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any
from uuid import UUID

from pydantic import TypeAdapter, ValidationError

from actors.agent.errors import ForbiddenOrigin, InvalidPlan, NotPermitted, TaskStopped
from actors.agent.kinds.base import AnyKind, Asker
from actors.agent.origins import Person, given, marks, permitted
from actors.agent.plan import Argument, Given, Plan, Step
from actors.agent.tools import TOOLS
from actors.agent.tools.base import AnyTool
from learning.governance.vocabulary import Origin

Origins = dict[str, dict[str, frozenset[Origin]]]  # of the outputs, by step and field


@dataclass(frozen=True, slots=True)
class Checked:
    """A plan that keeps the rules: its tools, and where each argument comes from, by step."""

    plan: Plan
    tools: Mapping[str, AnyTool]
    origins: Mapping[str, Mapping[str, frozenset[Origin]]]


def checked(plan: Plan, kind: AnyKind, asker: Asker, maximum_steps: int) -> Checked:
    """The plan with what is known about it. Raises `InvalidPlan` and `ForbiddenOrigin`."""
    if len(plan.steps) > maximum_steps:
        raise InvalidPlan(f"The plan has {len(plan.steps)} steps; the task allows {maximum_steps}")
    outputs: Origins = {}
    tools: dict[str, AnyTool] = {}
    origins: dict[str, Mapping[str, frozenset[Origin]]] = {}
    for step in plan.steps:
        if problem := next(_problems(step, kind, asker, outputs), None):
            raise problem
        tool = tools[step.key] = TOOLS[step.tool]
        arguments = origins[step.key] = {name: _origins(argument, outputs) for name, argument in step.arguments.items()}
        inputs = frozenset().union(*arguments.values())
        outputs[step.key] = {name: given(tool.result, name, inputs) for name in tool.result.model_fields}
    return Checked(plan, tools, origins)


def named(known: Checked) -> set[UUID]:
    """Everybody whom the plan itself names: people whose data it is to touch, before anything is done."""
    held = [
        argument.given
        for step in known.plan.steps
        for name, argument in step.arguments.items()
        if isinstance(argument, Given) and name in marks(known.tools[step.key].arguments, Person)
    ]
    return {UUID(str(one)) for value in held for one in (value if isinstance(value, list) else [value]) if one}


def _problems(step: Step, kind: AnyKind, asker: Asker, outputs: Origins) -> Iterator[TaskStopped]:
    tool = TOOLS.get(step.tool)
    if tool is None or step.tool not in kind.tools:
        yield InvalidPlan(f"{step.key}: tasks of this kind have no tool {step.tool}")
        return
    if step.key in outputs:
        yield InvalidPlan(f"{step.key}: two steps have this key")
    for lacking in sorted(tool.permissions - asker.permissions):
        yield NotPermitted(f"{step.key}: the person lacks the permission {lacking}")
    fields = tool.arguments.model_fields
    for name in step.arguments.keys() - fields.keys():
        yield InvalidPlan(f"{step.key}: {step.tool} takes no {name}")
    for name in (name for name, field in fields.items() if field.is_required() and name not in step.arguments):
        yield InvalidPlan(f"{step.key}: {name} is missing")
    for name, argument in step.arguments.items():
        yield from _argument_problems(step, tool, name, argument, outputs)


def _argument_problems(
    step: Step, tool: AnyTool, name: str, argument: Argument, outputs: Origins
) -> Iterator[TaskStopped]:
    where = f"{step.key}.{name}"
    if isinstance(argument, Given):
        try:
            _adapter(tool, name).validate_python(argument.given, strict=False)
        except ValidationError as error:
            yield InvalidPlan(f"{where}: {error.errors()[0]['msg']}")
    elif argument.step not in outputs:
        yield InvalidPlan(f"{where}: no earlier step is called {argument.step}")
        return
    elif argument.field not in outputs[argument.step]:
        yield InvalidPlan(f"{where}: {argument.step} gives no {argument.field}")
        return
    if barred := _origins(argument, outputs) - permitted(tool.arguments, name):
        yield ForbiddenOrigin(f"{where} takes nothing from {', '.join(sorted(barred))}")


def _origins(argument: Argument, outputs: Origins) -> frozenset[Origin]:
    if isinstance(argument, Given):
        return frozenset(argument.origins)
    return outputs[argument.step][argument.field]


@cache
def _adapter(tool: AnyTool, name: str) -> TypeAdapter[Any]:
    field = tool.arguments.model_fields[name]
    kind: Any = Annotated[(field.annotation, *field.metadata)] if field.metadata else field.annotation
    return TypeAdapter(kind)
