"""A plan's shape is judged as the plan was, and tells nothing of what was written."""

from __future__ import annotations

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from learning.governance.judge import Judge
from learning.governance.shapes import plan_of, shape_of
from learning.governance.views import StepView
from tests.unit.governance.support import argument, constitution, plan, step
from tests.unit.governance.test_judge import STEPS

JUDGE = Judge(constitution())


@settings(max_examples=30, deadline=None)
@given(st.lists(STEPS, max_size=4))
def test_the_verdict_is_the_same(steps: list[StepView]) -> None:
    judged = plan(*steps)
    again = plan_of(orjson.loads(orjson.dumps(shape_of(judged))))
    first, second = JUDGE.plan(judged), JUDGE.plan(again)
    assert (first.verdict, first.approvals) == (second.verdict, second.approvals)
    assert set(first.findings) == set(second.findings)


def test_what_was_written_is_gone() -> None:
    judged = plan(step(judges=True, arguments={"profile": argument({"gender": "f", "name": "Ada Byron"})}))
    shape = shape_of(judged)
    assert "Ada" not in str(shape)
    assert str(judged.asker_id) not in str(shape)
    assert JUDGE.plan(plan_of(shape)).findings == JUDGE.plan(judged).findings
