"""What a model proposes becomes a plan only where it keeps every rule."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.agent.checking import checked
from actors.agent.errors import ForbiddenOrigin, InvalidPlan
from actors.agent.kinds import KINDS
from actors.agent.planning import read
from learning.governance.vocabulary import Origin
from stores.ids import new_id
from tests.unit.agents.test_plans import asker

KIND = KINDS["own_words"]
COURSE, FRIEND, STRANGER = str(new_id()), str(new_id()), str(new_id())
TOLD = {"goal": "Write to Kim about fractions", "course_id": COURSE, "people": [FRIEND]}


def step(tool: str, key: str = "one", **arguments: Any) -> dict[str, Any]:
    return {"key": key, "tool": tool, "arguments": arguments}


def proposal(*steps: dict[str, Any]) -> str:
    return json.dumps({"steps": steps})


def admitted(text: str) -> Any:
    return checked(read(text, TOLD), KIND, asker(), 10)


LOOK_UP = step("read_content", "passages", query={"value": "fractions"}, course_id={"input": "course_id"})
MESSAGE = {"subject": {"value": "Fractions"}, "body": {"step": "passages", "path": "passages.0.text"}}


def test_words_are_the_model_s_and_ids_the_person_s() -> None:
    plan = admitted(proposal(LOOK_UP, step("send_message", recipient_id={"input": "people.0"}, **MESSAGE)))
    assert plan.origins["one"]["recipient_id"] == {Origin.ASKER}
    assert plan.origins["one"]["subject"] == {Origin.MODEL}
    assert plan.origins["one"]["body"] == {Origin.COURSE_TEXT}
    assert plan.plan.step("one").arguments["recipient_id"].given == FRIEND


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "Sure, here is the plan",
        proposal(),
        proposal(step("delete_everything")),
        proposal(step("read_record", user_id={"input": "people.0"})),  # a tool, but not of this kind
        proposal(step("read_content", query={"value": "x"}, more={"value": 1})),
        proposal(step("read_content")),
        proposal(LOOK_UP, LOOK_UP),
        proposal(step("send_message", recipient_id={"input": "people.1"}, **MESSAGE)),
        proposal(step("send_message", recipient_id={"input": "password"}, **MESSAGE)),
        proposal(step("send_message", recipient_id={"step": "later", "path": "id"}, **MESSAGE)),
        proposal(step("read_content", query={"value": "x", "origins": ["asker"]})),
        proposal(step("read_content", query={"given": "x", "origins": ["asker"]})),
        proposal(*[step("read_content", f"s{number}", query={"value": "x"}) for number in range(11)]),
    ],
)
def test_what_breaks_a_rule_is_no_plan(text: str) -> None:
    with pytest.raises(InvalidPlan):
        admitted(text)


@pytest.mark.parametrize(
    "broken",
    [
        step("send_message", recipient_id={"value": STRANGER}, **MESSAGE),
        step("send_message", recipient_id={"step": "passages", "path": "passages.0.text"}, **MESSAGE),
        step("add_module", course_id={"value": COURSE}, module_title={"value": "x"}, title={"value": "x"},
             body={"value": "x"}),
    ],
)  # fmt: skip
def test_no_id_is_made_up(broken: dict[str, Any]) -> None:
    with pytest.raises(ForbiddenOrigin):
        admitted(proposal(LOOK_UP, broken))


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=20),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    )
)
def test_any_json_is_refused_in_the_same_way(value: Any) -> None:
    with pytest.raises(InvalidPlan):
        read(json.dumps({"steps": [value]}), TOLD)
