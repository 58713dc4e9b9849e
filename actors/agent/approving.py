"""Whether people have cleared a step, and what they are asked where they have not. Pure.

An approval counts for one plan, by its hash, and in it for the steps that it covers with the very arguments that were
shown. It counts only where it stands in the database as decided by somebody other than who asked.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from actors.agent.store import ApprovalRecord, Question
from learning.governance.constitution import ApprovalRule, Constitution
from learning.governance.vocabulary import ApprovalKind

_FALLBACK = ("org_admin", "platform_admin")


def standing(
    approvals: Sequence[ApprovalRecord], plan_hash: bytes, key: str, arguments_hash: str
) -> ApprovalRecord | None:
    """The newest question about this step of this plan with these arguments, answered or not."""
    for one in approvals:
        if one.plan_hash == plan_hash and one.covers.get(key) == arguments_hash:
            return one
    return None


def clears(approval: ApprovalRecord | None, kinds: Collection[ApprovalKind], now: datetime) -> bool:
    """Whether it permits now what needs these kinds of approval: one that ran out before it was used asks anew."""
    return (
        approval is not None
        and approval.status == "approved"
        and now < approval.expires_at
        and approval.decided_by is not None
        and approval.decided_by != approval.requester_id
        and set(kinds) <= set(approval.kinds)
    )


def question(
    constitution: Constitution, *, plan_hash: bytes, kinds: Collection[ApprovalKind], covers: Mapping[str, str],
    draft: Sequence[Mapping[str, Any]], reasons: Sequence[Mapping[str, Any]], now: datetime, deadline: datetime,
) -> Question:  # fmt: skip
    """Who is asked, and for how long: of several kinds whoever may approve all, until the first runs out."""
    rules = [constitution.approval_required[kind] for kind in sorted(kinds)]
    escalation = [rule.escalates_after_hours for rule in rules if rule.escalates_after_hours is not None]
    return Question(
        plan_hash=plan_hash,
        kinds=kinds,
        covers=covers,
        draft=draft,
        reasons=reasons,
        roles=_all_of(rules),
        escalates_to={role for rule in rules for role in rule.escalates_to},
        escalates_at=now + timedelta(hours=min(escalation)) if escalation else None,
        expires_at=min(deadline, now + timedelta(hours=min(rule.expires_after_hours for rule in rules))),
    )


def _all_of(rules: Iterable[ApprovalRule]) -> set[str]:
    sets: list[set[str]] = [set(rule.roles) for rule in rules]
    return set.intersection(*sets) or set(_FALLBACK)
