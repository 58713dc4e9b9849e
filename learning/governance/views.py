"""What the governor is shown: plans, calls and texts, as far as it needs to see them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from uuid import UUID

from learning.governance.digests import digest
from learning.governance.vocabulary import ApprovalKind, DataClass, Effect, Origin

_ANY_ORIGIN = frozenset(Origin)


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """One argument of a step: its value, where all of it came from, and which origins the tool takes there.

    In a plan the value of what an earlier step will give is None, `source` names that step, and `origins` are those
    which its result will have.
    """

    value: Any = None
    origins: frozenset[Origin]
    permitted: frozenset[Origin] = _ANY_ORIGIN
    source: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepView:
    """One step: which tool, with what effect, under which permission, on whose data.

    `approval` is the kind that the tool's registration falls under. `subjects` is about how many people's data it
    touches besides the asker's (0: none; None: not known beforehand). `external`: data leaves the cluster by it.
    `judges`: it recommends something to, grades or assesses a person.
    """

    id: str
    tool: str
    effect: Effect
    permission: str
    approval: ApprovalKind | None = None
    data: frozenset[DataClass] = frozenset()
    subjects: int | None = 0
    courses: frozenset[UUID] = frozenset()
    external: bool = False
    judges: bool = False
    arguments: Mapping[str, Argument] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class PlanView:
    """A whole plan, fixed before any untrusted text is read.

    `permissions` are those of the person who asks, now. `tools` are those which the task's kind admits, `courses` those
    the task is about (None: no course in particular). The digest covers all but `permissions`, which may change while
    a plan waits and are looked at again with each call.
    """

    org_id: UUID
    task_id: UUID
    kind: str
    asker_id: UUID
    asker_role: str
    permissions: frozenset[str]
    tools: frozenset[str]
    steps: tuple[StepView, ...]
    courses: frozenset[UUID] | None = None

    @cached_property
    def digest(self) -> str:
        """SHA-256 over what the plan will do, for whom and on what: what an approval is bound to."""
        return digest(
            {
                "org_id": self.org_id,
                "task_id": self.task_id,
                "kind": self.kind,
                "asker_id": self.asker_id,
                "tools": self.tools,
                "courses": self.courses,
                "steps": self.steps,
            }
        )

    def step(self, step_id: str) -> StepView | None:
        """The step of that id."""
        return next((step for step in self.steps if step.id == step_id), None)


@dataclass(frozen=True, kw_only=True)
class CallView:
    """A step about to be executed, with the values it has by now.

    `approved` are the kinds that people approved, `approved_digest` the digest of the plan they saw.
    """

    plan: PlanView
    step: StepView
    approved: frozenset[ApprovalKind] = frozenset()
    approved_digest: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TextContext:
    """Under what circumstances a text flows.

    `origin` is who worded it. `external`: it leaves the cluster. `sources` are the passages that an answer must be
    grounded in (none: there is nothing to be grounded in), `protected` texts that must not be given away verbatim,
    `known` what whoever gets the text has said or been shown before. `recommends` says that the text advises or judges
    a person.
    """

    org_id: UUID
    origin: Origin
    asker_id: UUID | None = None
    external: bool = False
    sources: tuple[str, ...] = ()
    protected: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    recommends: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TextView:
    """A text, whole. Offsets of findings count its characters."""

    text: str
    context: TextContext
