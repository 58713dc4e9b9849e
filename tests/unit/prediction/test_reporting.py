"""The nightly report: groups out of sealed fields, verdicts over enough people."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import numpy as np
import orjson

from deployments.learning.reporting import figures_of
from learning.fairness.drift import deciles, shares
from stores.ids import new_id
from stores.sealing import Keyring
from stores.sensitive import sensitive_context

KEYRING = Keyring.parse(Keyring.new_key("k1"))
TODAY = date(2026, 6, 1)
COURSE = UUID(int=1)


def rows(size: int, shift: float) -> list[dict[str, Any]]:
    """Half are young, half old; predictions for the old are shifted, which nothing in the outcome supports."""
    random = np.random.default_rng(4)
    found = []
    for number in range(size):
        old = number % 2 == 0
        true = random.uniform(0.05, 0.6)
        user = new_id()
        told = orjson.dumps({"date_of_birth": "1950-01-01" if old else "2004-06-02"})
        found.append(
            {
                "id": new_id(),
                "user_id": user,
                "course_id": COURSE,
                "probability": min(0.99, true + (shift if old else 0)),
                "failed": bool(random.uniform() < true) if number % 3 else None,
                "sensitive": KEYRING.seal(told, sensitive_context(user)),
            }
        )
    return found


def distribution(of: list[dict[str, Any]]) -> dict[str, Any]:
    values = np.array([row["probability"] for row in of])
    borders = deciles(values)
    return {"borders": borders.tolist(), "shares": shares(values, borders).tolist()}


def test_an_even_model_is_fine_and_the_report_names_nobody() -> None:
    made = rows(900, 0.0)
    report, verdict = figures_of(made, [], distribution(made), KEYRING, TODAY)
    assert verdict == "fine", report["findings"]
    assert {group["group"] for group in report["everybody"]["groups"]} == {"18 to 24", "55 or more", "none stated"}
    text = orjson.dumps(report).decode()
    assert not any(str(row["user_id"]) in text for row in made)


def test_a_model_that_is_hard_on_a_group_is_stopped_and_on_few_people_only_reported() -> None:
    fair = distribution(rows(900, 0.0))
    report, verdict = figures_of(rows(900, 0.35), [], fair, KEYRING, TODAY)
    assert verdict == "stop"
    assert "parity_age" in {finding["figure"] for finding in report["findings"] if finding["verdict"] == "stop"}
    assert figures_of(rows(90, 0.35), [], fair, KEYRING, TODAY)[1] == "alert"


def shifted(made: list[dict[str, Any]], by: float) -> list[dict[str, Any]]:
    return [{**row, "probability": min(0.99, row["probability"] + by)} for row in made]


def test_learners_unlike_those_it_was_made_of_are_told_of_and_stop_nothing() -> None:
    made = rows(900, 0.0)
    elsewhere = distribution(shifted(made, 0.3))
    report, verdict = figures_of(made, made[:500], elsewhere, KEYRING, TODAY)
    assert (report["drift_from"], verdict) == ("first predictions", "fine")
    for first in ([], made[:90]):
        report, verdict = figures_of(made, first, elsewhere, KEYRING, TODAY)
        assert (report["drift_from"], verdict) == ("training", "alert")
        assert report["population_stability_index"] > 0.25


def test_predictions_that_have_moved_since_it_began_are_told_of_and_stop_nothing() -> None:
    first = rows(300, 0.0)
    later = shifted(rows(600, 0.0), 0.3)
    report, verdict = figures_of([*later, *first], first, distribution(first), KEYRING, TODAY)
    assert report["drift_from"] == "first predictions"
    assert report["population_stability_index"] > 0.25
    [drift] = [one for one in report["findings"] if one["figure"] == "population_stability_index"]
    assert drift["verdict"] == "alert"
    assert verdict != "fine"


def test_one_person_in_many_courses_is_no_crowd() -> None:
    fair = distribution(rows(900, 0.0))
    few = rows(18, 0.35)
    made = [{**row, "course_id": UUID(int=course)} for row in few for course in range(50)]
    report, verdict = figures_of(made, [], fair, KEYRING, TODAY)
    assert (report["learners"], report["predictions"], report["population_stability_index"]) == (18, 900, None)
    groups = report["everybody"]["groups"]
    assert {group["learners"] for group in groups} == {9, 18}
    assert all(group["mean_probability"] is None for group in groups)
    assert (report["findings"], verdict) == ([], "fine")
    # Of enough people for a figure but too few for a stop, a person is told.
    made = [{**row, "course_id": UUID(int=course)} for row in rows(90, 0.35) for course in range(10)]
    assert figures_of(made, [], fair, KEYRING, TODAY)[1] == "alert"


def test_fields_that_no_key_opens_and_people_who_told_nothing_are_left_out() -> None:
    made = rows(60, 0.0)
    for row in made:
        row["sensitive"] = None if row["failed"] else b"rubbish" * 10
    report, _ = figures_of(made, [], distribution(made), KEYRING, TODAY)
    assert report["everybody"]["groups"] == []
