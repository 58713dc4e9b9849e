"""The constitution: five constraints, each made of named checks, and four kinds that need approval.

An organisation may change which action follows from a check and a check's figures, within what the catalogue admits,
and who approves. The constraints and the kinds themselves are in every constitution.
"""

from __future__ import annotations

from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, model_validator

from learning.governance.catalogue import CATALOGUE, CheckSpec
from learning.governance.digests import digest
from learning.governance.vocabulary import STATEMENTS, Action, ApprovalKind, Constraint, Place

Role = Literal["instructor", "org_admin", "platform_admin"]


def _action(value: object) -> object:
    return Action[value.upper()] if isinstance(value, str) and value.upper() in Action.__members__ else value


ActionWord = Annotated[
    Action,
    BeforeValidator(_action, json_schema_input_type=Literal["note", "redact", "approve", "refuse"]),
    PlainSerializer(lambda action: action.word, return_type=str),
]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CheckRule(_Part):
    """What follows from one check."""

    action: ActionWord
    parameters: dict[Annotated[str, Field(max_length=64)], Annotated[int, Field(ge=0, le=1_000_000)]] = Field(
        default={}, max_length=16
    )


class ConstraintRule(_Part):
    """A constraint and the checks it is made of."""

    statement: str = Field(max_length=200)
    checks: dict[Annotated[str, Field(max_length=64)], CheckRule] = Field(min_length=1, max_length=64)


class ApprovalRule(_Part):
    """Who approves a kind, and how long a request waits. Nobody approves what they asked for themselves."""

    roles: tuple[Role, ...] = Field(min_length=1, max_length=3)
    expires_after_hours: int = Field(ge=1, le=24 * 30)
    escalates_after_hours: int | None = Field(default=None, ge=1, le=24 * 30)
    escalates_to: tuple[Role, ...] = Field(default=(), max_length=3)

    @model_validator(mode="after")
    def _escalates_in_time(self) -> Self:
        if (self.escalates_after_hours is None) != (not self.escalates_to):
            raise ValueError("escalates_after_hours and escalates_to go together")
        if self.escalates_after_hours is not None and self.escalates_after_hours >= self.expires_after_hours:
            raise ValueError("it must escalate before it expires")
        return self


class Constitution(_Part):
    """One version of the law of one organisation, or of the platform where it has none of its own."""

    version: str = Field(pattern=r"^[0-9]{1,9}(\.[0-9]{1,9}){0,2}$")
    constraints: dict[Constraint, ConstraintRule]
    approval_required: dict[ApprovalKind, ApprovalRule]

    @model_validator(mode="after")
    def _whole(self) -> Self:
        problems = [
            *_differences("constraints", self.constraints, Constraint),
            *_differences("approval_required", self.approval_required, ApprovalKind),
        ]
        for constraint, rule in self.constraints.items():
            if rule.statement != STATEMENTS[constraint]:
                problems.append(f"constraints.{constraint}: its statement is {STATEMENTS[constraint]!r}")
            problems += [
                f"constraints.{constraint}.{name}: {problem}"
                for name, check in rule.checks.items()
                for problem in _unfit(CATALOGUE.get(name), constraint, check)
            ]
        if problems:
            raise ValueError("; ".join(problems))
        return self

    @cached_property
    def digest(self) -> str:
        """SHA-256 of its canonical form: equal rules have equal digests, however they are written."""
        return digest(self.model_dump(mode="json"))

    @cached_property
    def _actions(self) -> dict[str, Action]:
        said = {name: rule.action for each in self.constraints.values() for name, rule in each.checks.items()}
        return {name: said.get(name, spec.default) for name, spec in CATALOGUE.items()}

    @cached_property
    def _parameters(self) -> dict[str, dict[str, int]]:
        said = {name: rule.parameters for each in self.constraints.values() for name, rule in each.checks.items()}
        return {
            name: {key: limits[1] for key, limits in spec.parameters.items()} | said.get(name, {})
            for name, spec in CATALOGUE.items()
        }

    def action(self, check: str) -> Action:
        """What follows from a check: what is written here, or else the catalogue's default."""
        return self._actions[check]

    def parameters(self, check: str) -> dict[str, int]:
        """A check's figures, in the same way."""
        return self._parameters[check]

    @cached_property
    def _checks(self) -> dict[Place, tuple[str, ...]]:
        return {place: tuple(n for n, spec in CATALOGUE.items() if place in spec.places) for place in Place}

    def checks(self, place: Place) -> tuple[str, ...]:
        """The names of the checks that look at something of that kind."""
        return self._checks[place]


def parse(document: str | bytes | dict[str, Any]) -> Constitution:
    """Read a constitution from JSON. Raises pydantic's `ValidationError`, which names everything that is wrong."""
    if isinstance(document, dict):
        return Constitution.model_validate(document)
    return Constitution.model_validate_json(document)


def _differences(name: str, given: Any, wanted: Any) -> list[str]:
    missing = sorted(set(wanted) - set(given))
    return [f"{name}: {', '.join(missing)} missing"] if missing else []


def _unfit(spec: CheckSpec | None, constraint: Constraint, rule: CheckRule) -> list[str]:
    if spec is None:
        return ["there is no such check"]
    problems = [] if spec.constraint is constraint else [f"belongs to {spec.constraint}"]
    if rule.action not in spec.actions:
        problems.append(f"its action must be one of {', '.join(a.word for a in sorted(spec.actions))}")
    for key, value in rule.parameters.items():
        limits = spec.parameters.get(key)
        if limits is None:
            problems.append(f"has no parameter {key}")
        elif not min(limits) <= value <= max(limits):
            problems.append(f"{key} must be from {min(limits)} to {max(limits)}")
    return problems
