"""The governor as its callers see it, and the one that answers in the caller's own process."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol
from uuid import UUID

from learning.governance.constitution import Constitution
from learning.governance.decisions import Decision
from learning.governance.judge import Judge
from learning.governance.views import CallView, PlanView, TextView
from learning.governance.vocabulary import Place

# The constitution in force for an organisation.
InForce = Callable[[UUID], Awaitable[Constitution]]


class Governor(Protocol):
    """Judges by the constitution of the organisation concerned.

    It changes nothing and remembers nothing: whoever asks appends the decision to the audit log, in the transaction of
    what the decision leads to.
    """

    async def judge_plan(self, plan: PlanView) -> Decision:
        """Whether a plan may be carried out, and which kinds of approval it waits for."""
        ...

    async def judge_call(self, call: CallView) -> Decision:
        """Whether a step may be executed now, with these values and these approvals."""
        ...

    async def judge_text(self, view: TextView, place: Place) -> Decision:
        """Whether a text may go in or out; `text` of the decision is how it then reads, redacted where need be."""
        ...


class LocalGovernor:
    """A `Governor` that needs no other process."""

    def __init__(self, in_force: InForce) -> None:
        self._in_force = in_force

    @classmethod
    def of(cls, constitution: Constitution) -> LocalGovernor:
        """One that knows a single constitution, whoever asks."""

        async def in_force(org_id: UUID) -> Constitution:
            return constitution

        return cls(in_force)

    async def judge_plan(self, plan: PlanView) -> Decision:
        """See `Governor`."""
        return Judge(await self._in_force(plan.org_id)).plan(plan)

    async def judge_call(self, call: CallView) -> Decision:
        """See `Governor`."""
        return Judge(await self._in_force(call.plan.org_id)).call(call)

    async def judge_text(self, view: TextView, place: Place) -> Decision:
        """See `Governor`."""
        return Judge(await self._in_force(view.context.org_id)).text(view, place)
