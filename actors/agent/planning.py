"""A plan made by a language model: a proposal, which keeps every rule that plans keep or is thrown away.

The model is told what the person wants and which tools the kind of task has, and nothing else: no course, no learner's
text, so that nobody but the person can talk to it. What it makes up has the origin `model`, which no tool takes for an
id: a person or a course can only be one that the task was given, by naming the input's field.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from actors.agent.asking import Exchange, complete
from actors.agent.errors import InvalidPlan
from actors.agent.kinds.base import AnyKind, Input
from actors.agent.origins import permitted
from actors.agent.plan import Argument, Given, Key, Plan, Step, Taken
from actors.agent.tools import TOOLS
from learning.governance.vocabulary import Origin

_MOST_TOKENS = 1_500
_RULES = """You plan tasks on a learning platform. Answer with JSON alone: {{"steps": [{{"key": ..., "tool": ...,
"arguments": {{...}}, "why": ...}}]}}. Steps are done in their order, at most {steps}. `key` is a short name in small
letters. Each argument is one of {{"value": ...}} for what you word yourself, {{"input": "field"}} for a field of the
input ("people.0" for the first of a list), {{"step": "key", "path": "field"}} for what an earlier step gave. Where an
argument is from the input alone, it is of the second form. Leave out what is optional. Use no other tool than these:
{tools}"""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Worded(_Part):
    value: JsonValue


class _FromInput(_Part):
    input: str = Field(pattern=r"^[a-z][a-z0-9_]*(\.[0-9]{1,3})?$", max_length=64)


class _FromStep(_Part):
    step: Key
    path: str = Field(max_length=200)


class _Step(_Part):
    key: Key
    tool: str = Field(max_length=64)
    arguments: dict[str, _Worded | _FromInput | _FromStep] = Field(default={}, max_length=32)
    why: str = Field(default="", max_length=300)


class _Proposal(_Part):
    steps: list[_Step] = Field(min_length=1, max_length=100)


async def proposed(services: Exchange, model: str, kind: AnyKind, wanted: Input, maximum_steps: int) -> Plan:
    """The model's plan, not checked yet. Raises `InvalidPlan` for what is none, and what `complete` raises."""
    told = wanted.model_dump(mode="json", exclude_none=True)
    messages = [
        {"role": "system", "content": _RULES.format(steps=maximum_steps, tools=_described(kind))},
        {"role": "user", "content": orjson.dumps(told).decode()},
    ]
    text = await complete(services, model, messages, most_tokens=_MOST_TOKENS, schema=_Proposal.model_json_schema())
    return read(text, told)


def read(text: str, told: Mapping[str, Any]) -> Plan:
    """The plan in a model's answer. Raises `InvalidPlan`."""
    try:
        proposal = _Proposal.model_validate_json(text)
        steps = tuple(
            Step(
                key=step.key,
                tool=step.tool,
                arguments={name: _argument(value, told) for name, value in step.arguments.items()},
                why=step.why,
            )
            for step in proposal.steps
        )
        return Plan(steps=steps)
    except (ValidationError, LookupError, ValueError, TypeError) as error:
        raise InvalidPlan("What the model proposed is no plan") from error


def _argument(value: _Worded | _FromInput | _FromStep, told: Mapping[str, Any]) -> Argument:
    if isinstance(value, _FromStep):
        return Taken(step=value.step, path=value.path)
    if isinstance(value, _Worded):
        return Given(given=value.value, origins=(Origin.MODEL,))
    name, _, place = value.input.partition(".")
    held = told[name]
    return Given(given=held[int(place)] if place else held, origins=(Origin.ASKER,))


def _described(kind: AnyKind) -> str:
    """The kind's tools, each with what it takes and gives."""
    tools = [TOOLS[name] for name in sorted(kind.tools)]
    return "\n".join(
        orjson.dumps({
            "tool": tool.name,
            "does": tool.description,
            "takes": {
                name: ("" if field.is_required() else "optional, ")
                + ("any" if Origin.MODEL in permitted(tool.arguments, name) else "from the input alone")
                for name, field in tool.arguments.model_fields.items()
            },
            "gives": sorted(tool.result.model_fields),
        }).decode()
        for tool in tools
    )  # fmt: skip
