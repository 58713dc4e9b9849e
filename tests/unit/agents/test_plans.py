"""Plans: what is admitted, what their hash covers, where their values come from."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.agent.checking import checked
from actors.agent.constitution import call_view, plan_view
from actors.agent.errors import ForbiddenOrigin, InvalidPlan
from actors.agent.kinds import KINDS
from actors.agent.kinds.base import Asker
from actors.agent.origins import Takes, marks, permitted
from actors.agent.plan import Given, Plan, Step, Taken, asked
from actors.agent.tools import TOOLS
from actors.governor.law import shipped
from deployments.kit.permissions import ROLES
from learning.governance.governor import LocalGovernor
from learning.governance.vocabulary import ApprovalKind, Effect, Origin, Verdict
from stores.ids import new_id

ORG, PERSON, COURSE, TASK = new_id(), new_id(), new_id(), new_id()


def asker(role: str = "org_admin") -> Asker:
    return Asker(user_id=PERSON, org_id=ORG, role=role, permissions=ROLES[role])


def of(*steps: Step) -> Plan:
    return Plan(steps=steps)


def read(key: str = "read") -> Step:
    ids = {name: new_id() for name in ("enrollment_id", "unit_id", "submission_id")}
    return Step(key=key, tool="read_submission", arguments=asked(**ids))


def grade(**arguments: Any) -> Step:
    return Step(key="grade", tool="grade_submission", arguments=asked(submission_id=new_id(), revision=1, **arguments))


GRADES = KINDS["apply_grades"]


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_every_kind_uses_tools_that_there_are(kind: Any) -> None:
    assert kind.tools <= TOOLS.keys()
    assert kind.input.model_config["extra"] == "forbid"


@pytest.mark.parametrize("tool", TOOLS.values(), ids=lambda tool: tool.name)
def test_every_tool_is_declared_soundly(tool: Any) -> None:
    assert tool.permissions <= frozenset().union(*ROLES.values())
    assert not [one for one in tool.permissions if one.startswith("agents.")], "no task asks for tasks"
    assert "courses.publish" not in tool.permissions, "publishing is for people"
    for name in tool.arguments.model_fields:
        if name.endswith("_id") and tool.changes:
            assert not permitted(tool.arguments, name) & {Origin.LEARNER_TEXT, Origin.MODEL, Origin.COURSE_TEXT}
    if tool.effect in (Effect.SEND, Effect.DESTROY):
        assert tool.approval is not None
    assert marks(tool.arguments, Takes).keys() <= tool.arguments.model_fields.keys()


def test_feedback_may_quote_what_was_read_and_points_may_not() -> None:
    quoting = of(read(), grade(points="5", feedback=Taken(step="read", path="body")))
    found = checked(quoting, GRADES, asker(), 10)
    assert found.origins["grade"]["feedback"] == {Origin.LEARNER_TEXT}
    obeying = of(read(), grade(points=Taken(step="read", path="body")))
    with pytest.raises(ForbiddenOrigin):
        checked(obeying, GRADES, asker(), 10)


@pytest.mark.parametrize(
    "plan",
    [
        of(Step(key="x", tool="read_content", arguments=asked(query="x", course_id=COURSE))),  # not this kind's
        of(Step(key="x", tool="no_such_tool")),
        of(read(), read()),
        of(grade(points=Taken(step="read", path="points")), read()),  # takes from what comes later
        of(read(), grade(points=Taken(step="read", path="nothing"))),
        of(grade()),  # points are missing
        of(grade(points="5", note="x")),
        of(grade(points="-5")),
        of(grade(points="many")),
        of(*(read(f"r{n}") for n in range(11))),
    ],
)
def test_plans_that_break_a_rule_are_refused(plan: Plan) -> None:
    with pytest.raises(InvalidPlan):
        checked(plan, GRADES, asker(), 10)


def test_a_person_without_the_permission_gets_no_plan() -> None:
    with pytest.raises(InvalidPlan, match="permission"):
        checked(of(read(), grade(points="5")), GRADES, asker("student"), 10)


texts = st.characters(codec="utf-8", exclude_characters="\x00")  # which no plan may hold
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(texts, max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(texts, max_size=5), inner, max_size=3),
    max_leaves=5,
)


@pytest.mark.parametrize("held", ["a\x00", ["a\x00"], {"a": ["b", {"c\x00": 1}]}])
def test_no_plan_holds_what_no_database_keeps(held: Any) -> None:
    with pytest.raises(ValueError, match="NUL"):
        Given(given=held)


@given(values, values)
def test_the_hash_covers_every_argument(one: Any, other: Any) -> None:
    def hashed(value: Any) -> bytes:
        plan = of(Step(key="a", tool="t", arguments={"x": Given(given=value)}))
        return Plan.model_validate(plan.model_dump(mode="json")).digest(
            org_id=ORG, task_id=TASK, user_id=PERSON, kind="k"
        )

    assert (hashed(one) == hashed(other)) == (repr(one) == repr(other))


def test_the_hash_is_of_one_task_and_one_order() -> None:
    plan, turned = of(read("a"), grade(points="1")), None
    turned = Plan(steps=tuple(reversed(plan.steps)))
    names = {"org_id": ORG, "task_id": TASK, "user_id": PERSON, "kind": "k"}
    hashes = {
        plan.digest(**names),
        turned.digest(**names),
        plan.digest(**{**names, "task_id": new_id()}),
        plan.digest(**{**names, "user_id": new_id()}),
        plan.digest(**{**names, "kind": "l"}),
        plan.amended({"grade": {"points": "2"}}, Origin.ORGANISATION).digest(**names),
        plan.amended({"grade": {"points": "1"}}, Origin.ORGANISATION).digest(**names),  # another origin
    }
    assert len(hashes) == 7


async def test_the_governor_sees_the_calls_that_were_planned() -> None:
    governor = LocalGovernor.of(shipped())
    plan = of(read(), grade(points="5"))
    known = checked(plan, GRADES, asker(), 10)
    view = plan_view(known, GRADES, asker(), TASK, COURSE)
    decision = await governor.judge_plan(view)
    assert decision.verdict is Verdict.APPROVAL
    assert decision.approvals == {ApprovalKind.AUTOMATED_GRADING, ApprovalKind.STUDENT_ASSESSMENT}
    planned = {
        name: argument.given for name, argument in plan.steps[1].arguments.items() if isinstance(argument, Given)
    }
    approved = frozenset({ApprovalKind.AUTOMATED_GRADING})

    async def verdict(**changed: Any) -> Verdict:
        call = call_view(view, "grade", {**planned, **changed}, known.origins["grade"], approved)
        return (await governor.judge_call(call)).verdict

    assert await verdict() is Verdict.ALLOW
    assert await verdict(points="10") is Verdict.REFUSE


@pytest.mark.parametrize(
    ("minutes", "holds"),
    [([], True), ([20, 10], True), ([20, 11], True), ([240], True), ([20, 11, 1], False), ([31, 1], False)],
)
def test_a_study_plan_keeps_to_its_minutes_but_for_a_last_step_to_begin(minutes: list[int], holds: bool) -> None:
    kind = KINDS["study_plan"]
    wanted = kind.input.model_validate({"courses": [COURSE], "minutes": 30})
    result = {"courses": [{"minutes": 30, "steps": [{"minutes": one} for one in minutes]}]}
    assert (list(kind.criteria(wanted, result, {})) == []) is holds


def test_a_study_plan_tells_what_nothing_can_be_done_in_now() -> None:
    kind = KINDS["study_plan"]
    wanted = kind.input.model_validate({"courses": [COURSE], "minutes": 30})
    closed = [{"unit_id": str(new_id()), "title": "Essay"}]
    told = {"minutes": 30, "steps": [], "closed": closed, "skills": [], "model": "m"}
    result = kind.result(wanted, {"course_1": told})
    assert result["courses"] == [{"course_id": str(COURSE), **told}]
