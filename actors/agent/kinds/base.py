"""What a kind of task is: a typed input, a plan made of it by rule, a result, and what the result must be like."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from actors.agent.plan import Plan, Step


class Input(BaseModel):
    """What a task is asked for with. Bounded: it comes from outside."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Who asks, with the rights of the moment."""

    user_id: UUID
    org_id: UUID
    role: str
    permissions: frozenset[str]


I = TypeVar("I", bound=Input)  # noqa: E741 - as in `Input`
Outputs = Mapping[str, Mapping[str, Any]]  # what each step gave, by its key


class TaskKind(ABC, Generic[I]):
    """One kind, in a file of its own, listed in `actors.agent.kinds`. Pure: all effects are the tools'."""

    name: ClassVar[str]
    title: ClassVar[str]
    description: ClassVar[str]
    tools: ClassVar[frozenset[str]]  # those that its plans may use
    by_model: ClassVar[bool] = False  # whether a model may plan, where one is configured
    input: type[I]

    @abstractmethod
    def plan(self, asker: Asker, asked: I) -> Iterable[Step]:
        """The steps, from what was asked for alone."""

    @abstractmethod
    def result(self, asked: I, outputs: Outputs) -> dict[str, Any]:
        """What the task comes to, once every step is done."""

    def criteria(self, asked: I, result: Mapping[str, Any], outputs: Outputs) -> Iterator[str]:
        """Everything that the result lacks, in words; nothing where it is good."""
        yield from ()

    def course(self, asked: I) -> UUID | None:
        """The course it is about, if it is about one."""
        found = getattr(asked, "course_id", None)
        return found if isinstance(found, UUID) else None

    def planned(self, asker: Asker, asked: I) -> Plan:
        """The plan as data."""
        return Plan(steps=tuple(self.plan(asker, asked)))


AnyKind = TaskKind[Any]
