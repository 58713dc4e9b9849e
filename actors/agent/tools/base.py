"""What a tool is: a typed act through a service's own HTTP API, with what the governor must know of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict

from learning.governance.vocabulary import ApprovalKind, DataClass, Effect


class Arguments(BaseModel):
    """What a tool takes. Every field says which origins it admits (`actors.agent.origins`)."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Result(BaseModel):
    """What a tool gives; what a service says beyond it is passed over."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Services(Protocol):
    """The services' HTTP API as the person who asked may use it, for one step.

    Each method gives the JSON of the answer, and raises `TryAgain` or `TaskStopped`. A changing request carries the
    step's idempotency key; `part` tells apart several of one step.
    """

    async def get(self, path: str, query: Mapping[str, Any] | None = None) -> Any: ...

    async def post(self, path: str, body: Any, *, part: str = "") -> Any: ...

    async def put(self, path: str, body: Any, *, part: str = "", revision: int | None = None) -> Any:
        """With `revision`, only where what is changed is still at it."""
        ...

    async def worded(self, rules: str, material: str, sources: Sequence[str], *, most_tokens: int) -> str | None:
        """What a model makes of the material, as the governor lets it out; None where there is no model, it failed, or
        what it said was refused: the tool then has to do without."""
        ...


A = TypeVar("A", bound=Arguments)
R = TypeVar("R", bound=Result)


@dataclass(frozen=True, kw_only=True)
class Tool(Generic[A, R]):
    """One tool. `permission` is that of the route it uses; it acts with the rights of the person who asked, so the
    service says no where the person may not. `also_needs` are those of further routes.

    `approval` is the kind of approval it falls under; `external`: data leaves the cluster by it; `judges`: it
    recommends, grades or assesses a person. `tries` is how often a call is made that fails in a way which may pass;
    `timeout_seconds` bounds each.
    """

    name: str
    description: str
    permission: str
    effect: Effect
    data: frozenset[DataClass]
    arguments: type[A]
    result: type[R]
    run: Callable[[Services, A], Awaitable[R]]
    also_needs: frozenset[str] = frozenset()
    approval: ApprovalKind | None = None
    external: bool = False
    judges: bool = False
    tries: int = 4
    timeout_seconds: float = 20.0

    @property
    def permissions(self) -> frozenset[str]:
        """All that it needs."""
        return self.also_needs | {self.permission}

    @property
    def changes(self) -> bool:
        """Whether it leaves anything behind outside of the task."""
        return self.effect not in (Effect.READ, Effect.DRAFT)


AnyTool = Tool[Any, Any]
