"""Each check finds what it is for, leaves the rest alone, and its finding leads to the right verdict."""

from __future__ import annotations

import pickle
from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from learning.governance.decisions import Decision, Finding, redacted
from learning.governance.governor import LocalGovernor
from learning.governance.judge import Judge
from learning.governance.views import CallView, PlanView, StepView
from learning.governance.vocabulary import TRUSTED, Action, ApprovalKind, Constraint, DataClass, Effect, Origin, Verdict
from tests.unit.governance.support import argument, constitution, plan, step

JUDGE = Judge(constitution())
PERSONAL = frozenset({DataClass.PERSONAL})
MESSAGE = {"tool": "message", "effect": Effect.SEND, "permission": "messages.send", "data": frozenset()}


def found(decision: Decision) -> set[str]:
    return {finding.check for finding in decision.findings}


def test_an_ordinary_plan_is_allowed() -> None:
    decision = JUDGE.plan(plan(step("a"), step("b", arguments={"query": argument("osmosis", permitted=TRUSTED)})))
    assert (decision.verdict, decision.findings, decision.approvals) == (Verdict.ALLOW, (), frozenset())
    assert decision.constitution_digest == JUDGE.constitution.digest
    assert "forbidden_origin" in decision.checks
    assert "outside_plan" not in decision.checks


@pytest.mark.parametrize("kind", ApprovalKind)
def test_each_kind_waits_for_people(kind: ApprovalKind) -> None:
    decision = JUDGE.plan(plan(step("a"), step("b", approval=kind)))
    assert decision.verdict is Verdict.APPROVAL
    assert decision.approvals == {kind}


@pytest.mark.parametrize(
    ("check", "verdict", "steps"),
    [
        ("personal_data_unapproved", Verdict.APPROVAL, [step(data=PERSONAL, subjects=1)]),
        ("personal_data_leaves", Verdict.REFUSE, [step(data=PERSONAL, external=True)]),
        ("personal_data_leaves", Verdict.REFUSE, [
            step(data=frozenset(), external=True, arguments={"text": argument("…", Origin.LEARNER_TEXT)})]),
        ("many_people", Verdict.APPROVAL, [step(data=PERSONAL, subjects=51)]),
        ("many_people", Verdict.APPROVAL, [step(data=PERSONAL, subjects=None)]),
        ("unread_sources", Verdict.APPROVAL, [
            step(data=frozenset(), effect=Effect.DRAFT, approval=ApprovalKind.CONTENT_GENERATION)]),
        ("unreviewed_output", Verdict.APPROVAL, [
            step("a"), step("b", **MESSAGE, arguments={"body": argument(None, Origin.MODEL, source="a")})]),
        ("protected_attribute", Verdict.REFUSE, [step(judges=True, arguments={"Gender": argument("f")})]),
        ("protected_attribute", Verdict.REFUSE, [
            step(judges=True, arguments={"features": argument(["clicks", "imd_band"])})]),
        ("protected_attribute", Verdict.REFUSE, [step(
            approval=ApprovalKind.AUTOMATED_GRADING,
            arguments={"learner": argument({"profile": {"date-of-birth": "1815-12-10"}})})]),
        ("forbidden_origin", Verdict.REFUSE, [
            step(**MESSAGE, arguments={"to": argument("x", Origin.ASKER, Origin.LEARNER_TEXT, permitted=TRUSTED)})]),
        ("forbidden_origin", Verdict.REFUSE, [step(arguments={"to": replace(argument("x"), origins=frozenset())})]),
        ("destructive_step", Verdict.REFUSE, [step(effect=Effect.DESTROY)]),
        ("protected_content_leaves", Verdict.REFUSE, [step(external=True)]),
        ("malformed_plan", Verdict.REFUSE, []),
        ("malformed_plan", Verdict.REFUSE, [step("a"), step("a")]),
        ("malformed_plan", Verdict.REFUSE, [step(str(number)) for number in range(31)]),
        ("malformed_plan", Verdict.REFUSE, [step("a", arguments={"x": argument(None, source="b")}), step("b")]),
        ("malformed_plan", Verdict.REFUSE, [step("a", arguments={"x": argument(None, source="a")})]),
        ("mass_effect", Verdict.APPROVAL, [step(str(number), **MESSAGE) for number in range(11)]),
    ],
)  # fmt: skip
def test_plans(check: str, verdict: Verdict, steps: list[StepView]) -> None:
    decision = JUDGE.plan(plan(*steps))
    assert check in found(decision)
    assert decision.verdict is verdict
    assert all(finding.action.name for finding in decision.reasons)


def test_a_plan_beyond_the_rights_or_the_scope_of_who_asks_is_refused() -> None:
    assert found(JUDGE.plan(plan(step(), permissions=frozenset({"courses.write"})))) == {"missing_permission"}
    assert found(JUDGE.plan(plan(step(), tools=frozenset()))) == {"out_of_scope"}
    elsewhere = plan(step(courses=frozenset({UUID(int=8)})), courses=frozenset({UUID(int=7)}))
    assert found(JUDGE.plan(elsewhere)) == {"out_of_scope"}


def test_a_stricter_organisation_refuses_what_others_have_approved() -> None:
    strict = Judge(constitution(many_people={"action": "refuse", "parameters": {"people": 5}}))
    about_six = plan(step(data=PERSONAL, subjects=6, approval=ApprovalKind.PERSONAL_DATA_ANALYSIS))
    assert JUDGE.plan(about_six).verdict is Verdict.APPROVAL
    assert strict.plan(about_six).verdict is Verdict.REFUSE


def test_evidence_repeats_nothing_that_was_written() -> None:
    secret = "ada@example.org wrote this"
    harmful = plan(
        step(
            effect=Effect.DESTROY, external=True, judges=True, data=PERSONAL,
            arguments={"gender": argument(secret, Origin.LEARNER_TEXT, permitted=TRUSTED)},
        )
    )  # fmt: skip
    assert secret not in repr(JUDGE.plan(harmful).record())


GRADE = step(
    "grade", tool="grade", effect=Effect.WRITE, permission="submissions.grade", approval=ApprovalKind.AUTOMATED_GRADING,
    arguments={
        "submission": argument("s-1", permitted=TRUSTED),
        "points": argument(None, Origin.MODEL, Origin.LEARNER_TEXT, source="read"),
    },
)  # fmt: skip
GRADING = plan(step("read"), GRADE)
NOW = replace(GRADE, arguments={**GRADE.arguments, "points": replace(GRADE.arguments["points"], value=7)})
APPROVED = {"approved": frozenset({ApprovalKind.AUTOMATED_GRADING}), "approved_digest": GRADING.digest}


def test_a_call_as_planned_and_approved_is_allowed() -> None:
    assert JUDGE.call(CallView(plan=GRADING, step=NOW, **APPROVED)).allowed


def test_a_call_without_its_approval_waits() -> None:
    decision = JUDGE.call(CallView(plan=GRADING, step=NOW))
    assert decision.verdict is Verdict.APPROVAL
    assert decision.approvals == {ApprovalKind.AUTOMATED_GRADING}


def test_an_approval_of_another_plan_counts_for_nothing() -> None:
    changed = replace(GRADING, steps=(*GRADING.steps, step("more")))
    decision = JUDGE.call(CallView(plan=changed, step=NOW, **APPROVED))
    assert decision.verdict is Verdict.APPROVAL


def _with(**arguments: object) -> StepView:
    return replace(NOW, arguments={**NOW.arguments, **arguments})


@pytest.mark.parametrize(
    "call",
    [
        replace(NOW, id="another"),
        replace(NOW, tool="erase"),
        replace(NOW, effect=Effect.READ),
        replace(NOW, permission="courses.read"),
        replace(NOW, approval=None),
        replace(NOW, subjects=5),
        replace(NOW, external=True),
        replace(NOW, courses=frozenset({UUID(int=9)})),
        replace(NOW, arguments={}),
        _with(extra=argument(1)),
        _with(submission=argument("s-2", permitted=TRUSTED)),
        _with(submission=argument("s-1", Origin.LEARNER_TEXT, permitted=TRUSTED)),
        _with(submission=argument("s-1")),
        _with(points=argument(7, Origin.COURSE_TEXT, source="read")),
        _with(points=argument(7, Origin.MODEL)),
    ],
)
def test_a_call_that_departs_from_its_plan_is_refused(call: StepView) -> None:
    decision = JUDGE.call(CallView(plan=GRADING, step=call, **APPROVED))
    assert decision.verdict is Verdict.REFUSE


def test_a_right_that_was_lost_since_stops_the_call() -> None:
    since = replace(GRADING, permissions=frozenset())
    assert since.digest == GRADING.digest
    assert found(JUDGE.call(CallView(plan=since, step=NOW, **APPROVED))) == {"missing_permission"}


def test_a_step_named_like_a_planned_one_cannot_pass_in_another_plan_s_name() -> None:
    other = plan(step("read"), GRADE, task_id=UUID(int=99))
    assert JUDGE.call(CallView(plan=other, step=NOW, **APPROVED)).verdict is Verdict.APPROVAL


_ORIGINS = st.sampled_from(Origin)
STEPS = st.builds(
    step,
    st.text(min_size=1, max_size=5),
    effect=st.sampled_from(Effect),
    approval=st.none() | st.sampled_from(ApprovalKind),
    data=st.frozensets(st.sampled_from(DataClass)),
    subjects=st.none() | st.integers(0, 100),
    external=st.booleans(),
    arguments=st.dictionaries(
        st.text(max_size=9),
        st.builds(
            argument, st.text(max_size=5), st.sampled_from(Origin), permitted=st.frozensets(st.sampled_from(Origin))
        ),
        max_size=3,
    ),
)


@settings(max_examples=50, deadline=None)
@given(st.lists(STEPS, max_size=5))
def test_whatever_the_plan_the_verdict_follows_from_what_is_said(steps: list[StepView]) -> None:
    judged: PlanView = plan(*steps)
    decision = JUDGE.plan(judged)
    refused = any(finding.action.name == "REFUSE" for finding in decision.findings)
    assert (decision.verdict is Verdict.REFUSE) == refused
    assert decision.approvals >= {step.approval for step in steps if step.approval}
    if not refused:
        assert (decision.verdict is Verdict.APPROVAL) == bool(decision.approvals)
    assert JUDGE.plan(pickle.loads(pickle.dumps(judged))) == decision


async def test_the_local_governor_asks_for_the_constitution_of_the_organisation() -> None:
    governor = LocalGovernor.of(JUDGE.constitution)
    assert (await governor.judge_plan(GRADING)).verdict is Verdict.APPROVAL
    assert (await governor.judge_call(CallView(plan=GRADING, step=NOW, **APPROVED))).allowed


def test_what_is_redacted_is_gone_and_the_rest_is_untouched() -> None:
    def finding(start: int, end: int, action: Action = Action.REDACT) -> Finding:
        return Finding(check="c", constraint=Constraint.PRIVACY, action=action, evidence="", span=(start, end))

    text = "Ada Byron lives in London"
    assert redacted(text, [finding(19, 25), finding(0, 9), finding(4, 12)]) == "[redacted]ves in [redacted]"
    assert redacted(text, [finding(0, 9, Action.NOTE)]) == text
