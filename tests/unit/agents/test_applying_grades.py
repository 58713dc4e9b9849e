"""Proposed grades: asked about beside the work, and given to that work only."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from actors.agent.kinds import KINDS
from actors.agent.state import Status
from tests.unit.agents.fakes import carried_out

WORK, OTHER, COURSE = (str(UUID(int=number)) for number in (7, 8, 9))  # every work of the fake services is the first


def proposed(submission_id: str, times: int = 1) -> dict[str, Any]:
    grade = {"enrollment_id": WORK, "unit_id": WORK, "submission_id": submission_id, "points": "4", "feedback": "Good"}
    return {"course_id": COURSE, "grades": [grade] * times}


async def test_a_grade_is_asked_about_once_the_work_is_read_and_takes_the_work_from_there() -> None:
    store, http = await carried_out("apply_grades", proposed(WORK), "What I have learnt.")
    assert store.status is Status.SUCCEEDED, store.error
    about_grade, about_reading = store.asked  # the newest first
    assert [set(one.covers) for one in (about_reading, about_grade)] == [{"read_1"}, {"grade_1"}]
    [reading, whose, grading] = http.calls
    assert (reading[0], whose[0]) == ("GET", "GET")
    assert grading == ("PUT", f"/api/enrollments/submissions/{WORK}/grade", {"points": "4", "feedback": "Good"})
    assert store.result == {"grades": [{"submission_id": WORK, "graded": True, "points": "5", "maximum_points": "10"}]}


async def test_a_work_that_is_not_the_one_proposed_for_is_not_graded() -> None:
    store, http = await carried_out("apply_grades", proposed(OTHER), "Of somebody else.")
    assert store.status is Status.FAILED
    assert store.error is not None
    assert store.error["problem"] == "other-submission"
    assert [method for method, _, _ in http.calls] == ["GET"]


def test_a_work_is_proposed_for_once() -> None:
    with pytest.raises(ValidationError, match="names a submission twice"):
        KINDS["apply_grades"].input.model_validate(proposed(WORK, times=2))
