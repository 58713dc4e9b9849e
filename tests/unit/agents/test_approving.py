"""Which answers clear a step."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from actors.agent.approving import clears, question, standing
from actors.agent.store import ApprovalRecord
from actors.governor.law import shipped
from learning.governance.vocabulary import ApprovalKind
from stores.ids import new_id

KINDS = frozenset({ApprovalKind.AUTOMATED_GRADING})
REQUESTER = new_id()
NOW = datetime.now(UTC)
APPROVED = ApprovalRecord(
    id=new_id(), plan_hash=b"plan", kinds=["automated_grading"], covers={"grade": "arguments"}, status="approved",
    decided_by=new_id(), requester_id=REQUESTER, reason=None, escalates_at=None, escalated_at=None,
    expires_at=NOW + timedelta(hours=1),
)  # fmt: skip


def test_an_answer_clears_what_it_is_about() -> None:
    assert clears(standing([APPROVED], b"plan", "grade", "arguments"), KINDS, NOW)


@pytest.mark.parametrize(
    ("plan_hash", "key", "arguments"),
    [(b"other", "grade", "arguments"), (b"plan", "publish", "arguments"), (b"plan", "grade", "others")],
)
def test_it_clears_nothing_else(plan_hash: bytes, key: str, arguments: str) -> None:
    assert standing([APPROVED], plan_hash, key, arguments) is None
    assert not clears(None, KINDS, NOW)


@pytest.mark.parametrize(
    "change",
    [{"status": status} for status in ("pending", "refused", "edited", "expired", "withdrawn")]
    + [
        {"decided_by": None},
        {"decided_by": REQUESTER},
        {"kinds": ["content_generation"]},
        {"kinds": []},
        {"expires_at": NOW},
    ],
)
def test_an_answer_that_is_none_clears_nothing(change: dict[str, object]) -> None:
    assert not clears(replace(APPROVED, **change), KINDS, NOW)  # type: ignore[arg-type]


def test_of_several_kinds_whoever_may_approve_all_is_asked_until_the_first_runs_out() -> None:
    law = shipped()
    now = datetime.now(UTC)
    kinds = {ApprovalKind.PERSONAL_DATA_ANALYSIS, ApprovalKind.CONTENT_GENERATION}
    asked = question(
        law, plan_hash=b"plan", kinds=kinds, covers={}, draft=[], reasons=[], now=now, deadline=now + timedelta(days=30)
    )
    both = [set(law.approval_required[kind].roles) for kind in kinds]
    assert asked.roles == both[0] & both[1]
    assert asked.expires_at == now + timedelta(hours=min(law.approval_required[k].expires_after_hours for k in kinds))
    soon = question(
        law, plan_hash=b"plan", kinds=kinds, covers={}, draft=[], reasons=[], now=now, deadline=now + timedelta(hours=1)
    )
    assert soon.expires_at == now + timedelta(hours=1)
