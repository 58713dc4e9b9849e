"""A constitution holds exactly what it must, and organisations change only what they may."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from learning.governance.catalogue import CATALOGUE
from learning.governance.checks.calls import CALL_CHECKS
from learning.governance.checks.plans import PLAN_CHECKS
from learning.governance.checks.steps import STEP_CHECKS
from learning.governance.checks.texts import TEXT_CHECKS
from learning.governance.constitution import parse
from learning.governance.vocabulary import STATEMENTS, Action, ApprovalKind, Constraint, Place
from tests.unit.governance.support import SHIPPED, shipped


def test_the_shipped_one_names_the_five_constraints_and_the_four_kinds() -> None:
    document = json.loads(SHIPPED)
    assert [c["statement"] for c in document["constraints"].values()] == list(STATEMENTS.values())
    assert list(document["approval_required"]) == [kind.value for kind in ApprovalKind]
    assert len(parse(SHIPPED).constraints) == 5


def test_the_shipped_one_names_every_check_and_its_default() -> None:
    for name, spec in CATALOGUE.items():
        rule = parse(SHIPPED).constraints[spec.constraint].checks[name]
        assert rule.action is spec.default
        assert parse(SHIPPED).parameters(name) == {key: limits[1] for key, limits in spec.parameters.items()}


def test_every_declared_check_exists_and_no_other() -> None:
    in_plans = {name for name, spec in CATALOGUE.items() if Place.PLAN in spec.places}
    assert in_plans == STEP_CHECKS.keys() | PLAN_CHECKS.keys()
    in_calls = {name for name, spec in CATALOGUE.items() if Place.CALL in spec.places}
    assert in_calls == STEP_CHECKS.keys() | CALL_CHECKS.keys()
    in_texts = {name for name, spec in CATALOGUE.items() if spec.places & {Place.TEXT_IN, Place.TEXT_OUT}}
    assert in_texts == TEXT_CHECKS.keys()
    assert {spec.constraint for spec in CATALOGUE.values()} == set(Constraint)


def test_a_check_that_is_not_mentioned_is_in_force_all_the_same() -> None:
    document = shipped()
    del document["constraints"]["platform_integrity"]["checks"]["destructive_step"]
    assert parse(document).action("destructive_step") is Action.REFUSE


@pytest.mark.parametrize("section", ["constraints", "approval_required"])
def test_nothing_may_be_left_out(section: str) -> None:
    for name in shipped()[section]:
        document = shipped()
        del document[section][name]
        with pytest.raises(ValidationError, match=name):
            parse(document)


def _worse(path: str, value: Any) -> dict[str, Any]:
    document = shipped()
    *parents, last = path.split("/")
    place = document
    for part in parents:
        place = place[part]
    place[last] = value
    return document


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("constraints/user_privacy/statement", "Mostly respect privacy", "statement"),
        ("constraints/sixth", {"statement": "Obey", "checks": {}}, "sixth"),
        ("constraints/user_privacy/checks/invented", {"action": "note"}, "no such check"),
        ("constraints/user_privacy/checks/outside_plan", {"action": "refuse"}, "belongs to"),
        ("constraints/platform_integrity/checks/outside_plan", {"action": "note"}, "must be one of refuse"),
        ("constraints/user_privacy/checks/many_people/parameters", {"people": 1001}, "from 1 to 1000"),
        ("constraints/user_privacy/checks/many_people/parameters", {"humans": 5}, "no parameter humans"),
        ("approval_required/content_generation/roles", ["student"], "roles"),
        ("approval_required/content_generation/roles", [], "roles"),
        ("approval_required/content_generation/expires_after_hours", 10, "before it expires"),
        ("version", "latest", "version"),
        ("comment", "hello", "comment"),
    ],
)
def test_what_may_not_be_changed(path: str, value: Any, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        parse(_worse(path, value))


def test_equal_rules_have_equal_digests_however_they_are_written() -> None:
    document = shipped()
    turned = {
        key: dict(reversed(value.items())) if isinstance(value, dict) else value for key, value in document.items()
    }
    assert parse(json.dumps(turned, indent=8)).digest == parse(SHIPPED).digest
    assert parse(shipped(many_people={"action": "refuse"})).digest != parse(SHIPPED).digest
