"""From a step of a plan to the values it is called with, each with its origins. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from actors.agent.errors import ForbiddenOrigin, ToolFailed
from actors.agent.origins import Editable, given, marks, permitted
from actors.agent.plan import Given, Step, Taken, taken
from actors.agent.store import StepRecord
from actors.agent.tools.base import AnyTool, Arguments, Result
from learning.governance.digests import digest
from learning.governance.vocabulary import Origin


@dataclass(frozen=True, slots=True)
class Resolved:
    """What a step is called with. `hash` is what approvals of it are bound to."""

    arguments: Arguments
    values: Mapping[str, Any]
    origins: Mapping[str, frozenset[Origin]]

    @property
    def hash(self) -> str:
        return digest(self.values)

    @property
    def inputs(self) -> frozenset[Origin]:
        return frozenset().union(*self.origins.values())


def resolvable(step: Step, done: Mapping[str, StepRecord]) -> bool:
    """Whether all that it takes from other steps is there."""
    return all(argument.step in done for argument in step.arguments.values() if isinstance(argument, Taken))


def resolve(step: Step, tool: AnyTool, done: Mapping[str, StepRecord]) -> Resolved:
    """The values. Raises `ToolFailed` where one does not fit, `ForbiddenOrigin` where the tool takes none from it."""
    values: dict[str, Any] = {}
    origins: dict[str, frozenset[Origin]] = {}
    for name, argument in step.arguments.items():
        if isinstance(argument, Given):
            values[name], origins[name] = argument.given, frozenset(argument.origins)
        else:
            values[name], origins[name] = _taken(step.key, name, argument, done[argument.step])
        if barred := origins[name] - permitted(tool.arguments, name):
            raise ForbiddenOrigin(f"{step.key}.{name} takes nothing from {', '.join(sorted(barred))}")
    try:
        arguments = tool.arguments.model_validate(values)
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise ToolFailed(f"{step.key}: {where} does not fit", problem="unfit-value") from error
    return Resolved(arguments, values, origins)


def _taken(key: str, name: str, reference: Taken, source: StepRecord) -> tuple[Any, frozenset[Origin]]:
    assert source.output is not None
    assert source.origins is not None
    try:
        value = taken({reference.step: source.output}, reference)
    except (LookupError, TypeError, ValueError) as error:
        raise ToolFailed(f"{key}.{name}: {reference.step} gave no {reference.path}", problem="missing-value") from error
    return value, frozenset(Origin(one) for one in source.origins[reference.field])


def output_of(tool: AnyTool, result: Result, inputs: Collection[Origin]) -> tuple[dict[str, Any], dict[str, list[str]]]:
    """A result as it is kept, and the origins of each of its fields."""
    names = type(result).model_fields
    return result.model_dump(mode="json"), {name: sorted(given(tool.result, name, inputs)) for name in names}


def shown(steps: Sequence[tuple[Step, AnyTool, Resolved, bool]]) -> Iterator[dict[str, Any]]:
    """Steps as whoever approves sees them. The last of each: whether its effect was begun, and may have happened."""
    for step, tool, resolved, begun in steps:
        yield {
            "step": step.key,
            "tool": step.tool,
            "effect": tool.effect.value,
            "approval": tool.approval,
            "begun": begun,
            "data": sorted(tool.data),
            "why": step.why,
            "arguments": dict(resolved.values),
            "origins": {name: sorted(found) for name, found in resolved.origins.items()},
            "editable": sorted(marks(tool.arguments, Editable)),
        }
