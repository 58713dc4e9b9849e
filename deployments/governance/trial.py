"""Trying a constitution on plans of the past. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from deployments.governance.repository.constitutions import PastPlan
from learning.governance.constitution import Constitution
from learning.governance.decisions import Decision
from learning.governance.judge import Judge
from learning.governance.shapes import plan_of
from learning.governance.vocabulary import Verdict

MOST_PLANS = 500
_MOST_EXAMPLES = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """A plan that is judged differently."""

    plan: PastPlan
    before: Verdict
    after: Decision


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What became of the plans; `changed` counts all, `examples` has some."""

    verdicts: Counter[Verdict]
    changed: int
    examples: tuple[Changed, ...]


def try_on(plans: Sequence[PastPlan], candidate: Constitution, in_force: Constitution) -> Trial:
    """Judge the plans by both. About a tenth of a millisecond each."""
    now, then = Judge(in_force), Judge(candidate)
    verdicts: Counter[Verdict] = Counter()
    changed: list[Changed] = []
    for past in plans:
        plan = plan_of(past.shape)
        before, after = now.plan(plan), then.plan(plan)
        verdicts[after.verdict] += 1
        if (before.verdict, before.approvals) != (after.verdict, after.approvals):
            changed.append(Changed(plan=past, before=before.verdict, after=after))
    return Trial(verdicts=verdicts, changed=len(changed), examples=tuple(changed[:_MOST_EXAMPLES]))
