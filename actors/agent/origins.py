"""How tools say what comes from where: marks on the fields of what they take and give.

    class Arguments(BaseModel):
        recipient_id: Annotated[UUID, Takes(Origin.ASKER, Origin.ORGANISATION), Person()]

    class Result(BaseModel):
        body: Annotated[str, From(Origin.LEARNER_TEXT)]

An argument without a mark takes trusted origins only; a result without one is the tool's own figure or fixed word.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar, cast
from uuid import UUID

from pydantic import BaseModel

from learning.governance.vocabulary import TRUSTED, Origin

ANY = frozenset(Origin)
Mark = TypeVar("Mark", "Takes", "From", "Person", "Editable")


@dataclass(frozen=True, slots=True, init=False)
class Takes:
    """The origins that an argument may have."""

    origins: frozenset[Origin]

    def __init__(self, *origins: Origin) -> None:
        object.__setattr__(self, "origins", frozenset(origins))


@dataclass(frozen=True, slots=True, init=False)
class From:
    """The origins of a field of a result; with `inputs`, also those of all that the tool was given."""

    origins: frozenset[Origin]
    inputs: bool

    def __init__(self, *origins: Origin, inputs: bool = False) -> None:
        object.__setattr__(self, "origins", frozenset(origins))
        object.__setattr__(self, "inputs", inputs)


@dataclass(frozen=True, slots=True)
class Person:
    """The value is the id of a person whose data is touched."""


@dataclass(frozen=True, slots=True)
class Editable:
    """Whoever approves may change the value."""


ANYTHING = Takes(*Origin)


def marks(model: type[BaseModel], kind: type[Mark]) -> Mapping[str, Mark]:
    """The fields of a model that carry a mark of that kind."""
    found: Mapping[str, Mark] = _marks(cast(Any, model), cast(Any, kind))
    return found


@cache
def _marks(model: Any, kind: Any) -> Mapping[str, Any]:
    return {
        name: mark for name, field in model.model_fields.items() for mark in field.metadata if isinstance(mark, kind)
    }


def permitted(arguments: type[BaseModel], name: str) -> frozenset[Origin]:
    """The origins that an argument takes."""
    mark: Takes | None = marks(arguments, Takes).get(name)
    return TRUSTED if mark is None else mark.origins


def given(result: type[BaseModel], name: str, inputs: Iterable[Origin]) -> frozenset[Origin]:
    """The origins of a field of a result, for a tool that was given values of `inputs`."""
    mark = marks(result, From).get(name)
    if mark is None:
        return frozenset({Origin.TOOL})
    return mark.origins | frozenset(inputs) if mark.inputs else mark.origins


def people(value: BaseModel) -> Iterator[UUID]:
    """Everybody whom a value names in fields marked for it, also in models within."""
    named = marks(type(value), Person)
    for name in type(value).model_fields:
        held = getattr(value, name)
        for one in held if isinstance(held, (list, tuple)) else (held,):
            if isinstance(one, BaseModel):
                yield from people(one)
            elif name in named and isinstance(one, UUID):
                yield one
