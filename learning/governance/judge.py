"""Applying a constitution: what the checks see becomes findings, findings become a decision."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import replace

from learning.governance.catalogue import APPROVED_AS, CATALOGUE
from learning.governance.checks.calls import CALL_CHECKS
from learning.governance.checks.plans import PLAN_CHECKS
from learning.governance.checks.seen import Seen
from learning.governance.checks.steps import STEP_CHECKS
from learning.governance.checks.texts import TEXT_CHECKS
from learning.governance.constitution import Constitution
from learning.governance.decisions import Decision, Finding, redacted, verdict_of
from learning.governance.digests import digest
from learning.governance.views import CallView, PlanView, StepView, TextView
from learning.governance.vocabulary import Action, ApprovalKind, Place, Verdict


class Judge:
    """One constitution in force. Pure: equal questions get equal answers."""

    def __init__(self, constitution: Constitution) -> None:
        self.constitution = constitution

    def plan(self, plan: PlanView) -> Decision:
        """Whether the plan may be carried out, and what people must approve first."""
        findings = [
            *(f for step in plan.steps for f in self._step(step, plan, Place.PLAN)),
            *(
                self._finding(name, seen)
                for name, check in PLAN_CHECKS.items()
                for seen in check(plan, self.constitution.parameters(name))
            ),
        ]
        return self._decide(Place.PLAN, findings, _kinds(plan.steps), plan.digest)

    def call(self, call: CallView) -> Decision:
        """Whether the step may be executed now. What people approved counts for the very plan they saw, only."""
        findings = [
            *self._step(call.step, call.plan, Place.CALL),
            *(
                self._finding(name, seen)
                for name, check in CALL_CHECKS.items()
                for seen in check(call, self.constitution.parameters(name))
            ),
        ]
        approved = call.approved if call.approved_digest == call.plan.digest else frozenset()
        subject = digest({"plan": call.plan.digest, "step": call.step})
        return self._decide(Place.CALL, findings, _kinds((call.step,)), subject, approved)

    def text(self, view: TextView, place: Place) -> Decision:
        """Whether a text may go in (to a model) or out (to a person or a record), and how it then reads."""
        findings = self.examine(view, self.constitution.checks(place))
        subject = hashlib.sha256(view.text.encode("utf-8", "surrogatepass")).hexdigest()
        decision = self._decide(place, findings, frozenset(), subject)
        return decision if decision.verdict is Verdict.REFUSE else replace(decision, text=redacted(view.text, findings))

    def examine(self, view: TextView, checks: Iterable[str]) -> list[Finding]:
        """What these checks of texts find in a text."""
        return [
            self._finding(name, seen)
            for name in checks
            for seen in TEXT_CHECKS[name](view, self.constitution.parameters(name))
        ]

    def finding(self, check: str, evidence: str) -> Finding:
        """What follows where a check saw this."""
        return self._finding(check, Seen(evidence=evidence))

    def _step(self, step: StepView, plan: PlanView, place: Place) -> Iterator[Finding]:
        for name, check in STEP_CHECKS.items():
            if place in CATALOGUE[name].places:
                for seen in check(step, plan, self.constitution.parameters(name)):
                    yield self._finding(name, seen)

    def _finding(self, name: str, seen: Seen) -> Finding:
        return Finding(
            check=name,
            constraint=CATALOGUE[name].constraint,
            action=self.constitution.action(name),
            evidence=seen.evidence,
            step=seen.step,
            span=seen.span,
            replacement=seen.replacement,
        )

    def _decide(
        self,
        place: Place,
        findings: list[Finding],
        kinds: frozenset[ApprovalKind],
        subject: str,
        approved: frozenset[ApprovalKind] = frozenset(),
    ) -> Decision:
        asked = {APPROVED_AS[finding.constraint] for finding in findings if finding.action is Action.APPROVE}
        approvals = (kinds | asked) - approved
        return Decision(
            verdict=verdict_of(findings, approvals),
            place=place,
            approvals=approvals,
            findings=tuple(findings),
            checks=self.constitution.checks(place),
            subject=subject,
            constitution_version=self.constitution.version,
            constitution_digest=self.constitution.digest,
        )


def _kinds(steps: tuple[StepView, ...]) -> frozenset[ApprovalKind]:
    return frozenset(step.approval for step in steps if step.approval is not None)
