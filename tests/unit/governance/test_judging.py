"""What the platform says itself is judged at the edge of its services."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from uuid import UUID, uuid4

import orjson
import pytest

from deployments.enrollments.suggesting import _let_out, _own_words, _told
from deployments.kit.judging import Passed, Ruling, texts_in, withheld_of
from learning.grading.answers import Question
from learning.grading.rubrics import Criterion, Rubric
from stores.audit import Entry
from tests.unit.governance.support import constitution

PERSON = UUID(int=7)
FAIR = "Handed in 1 of 4 tasks that were due"
UNFAIR = "She is less likely to finish because she is a woman"


class Kept:
    """What a work is told to write."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    def record(self, entry: Entry) -> None:
        self.entries.append(entry)


@pytest.fixture
def ruling() -> Ruling:
    return Ruling(constitution=constitution(), org_id=uuid4(), source="learning", feature="predictions")


def test_what_is_new_and_personal_is_replaced_and_told_of(ruling: Ruling) -> None:
    passed = ruling.on("Write to ada@school.example.", actor=PERSON)
    assert passed.text == "Write to [EMAIL]."
    assert passed.entry is not None
    assert (passed.entry.action, passed.entry.actor, passed.entry.outcome) == ("text.judged", PERSON, "done")
    assert b"ada@" not in orjson.dumps(passed.entry.details)
    known = ruling.on("Write to ada@school.example.", known=["Ask ada@school.example"])
    assert (known.text, known.entry) == ("Write to ada@school.example.", None)


def test_what_the_constitution_refuses_does_not_go_out(ruling: Ruling) -> None:
    strict = constitution(personal_data_in_answer={"action": "refuse"})
    passed = replace(ruling, constitution=strict).on("Write to ada@school.example.")
    assert passed.text is None
    assert passed.entry is not None
    assert passed.entry.outcome == "refused"


async def test_a_reason_that_argues_from_what_somebody_is_is_withheld(ruling: Ruling) -> None:
    kept = Kept()
    assert await withheld_of(kept, ruling, [FAIR, UNFAIR, FAIR]) == {UNFAIR}  # type: ignore[arg-type]
    [entry] = kept.entries
    assert entry.details["findings"][0]["check"] == "protected_attribute_as_reason"
    assert await withheld_of(kept, ruling, [FAIR]) == set()  # type: ignore[arg-type]
    assert await withheld_of(kept, ruling, [FAIR, UNFAIR]) == {UNFAIR}  # type: ignore[arg-type]
    assert len(kept.entries) == 1
    other = replace(ruling, constitution=constitution(protected_attribute_as_reason={"action": "refuse"}))
    assert await withheld_of(kept, other, [UNFAIR]) == {UNFAIR}  # type: ignore[arg-type]
    assert len(kept.entries) == 2  # by another constitution it is judged anew


async def test_what_is_found_is_told_of_though_the_reason_may_go_out(
    ruling: Ruling, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry, kept = ruling.on("Write to ada@school.example.", actor=PERSON).entry, Kept()
    monkeypatch.setattr(Ruling, "on", lambda _, text, **__: Passed(text=text, entry=entry))
    assert await withheld_of(kept, ruling, [FAIR]) == set()  # type: ignore[arg-type]
    assert kept.entries == [entry]


async def test_a_course_may_be_about_anything(ruling: Ruling) -> None:
    reason = "On Why women earn less because of their gender, you are right in 2 of 10."
    assert await withheld_of(Kept(), ruling, [reason]) == {reason}  # type: ignore[arg-type]
    names = ["Why women earn less because of their gender"]
    assert await withheld_of(Kept(), ruling, [reason], names) == set()  # type: ignore[arg-type]


def test_of_feedback_only_the_graders_own_words_are_asked_for_their_reasons() -> None:
    rubric = Rubric(task="Write on pay.", criteria=(Criterion(title="Says why women earn less", points=4),))
    said = "Says why women earn less: 2 of 4. You wrote “they earn less because of their gender”. Go on."
    assert _own_words(said, rubric) == ": 2 of 4. You wrote . Go on."
    question = Question(id="q", text="Why?", references=("Because of their gender.",))
    assert "gender" not in _own_words("Because of their gender. That is it.", question)


def test_points_that_decisions_have_moved_are_told_of_in_words_that_argue_from_nothing(ruling: Ruling) -> None:
    more, less = (_told("Good.", Decimal("5.0"), Decimal(points), Decimal("10.00")) for points in ("6.5", "3"))
    assert more.startswith("Good.\n\nBy this alone it would be 5 of 10 points. More is suggested")
    assert "Less is suggested" in less
    assert _told("Good.", Decimal("5.0"), Decimal("5.00"), Decimal(10)) == "Good."
    assert all(ruling.on(said, recommends=True).text == said for said in (more, less))


def test_what_is_taken_out_of_feedback_does_not_stay_in_its_notes() -> None:
    said = "Write to ada@school.example."
    fields = {
        "feedback": said, "concerns": [], "needs_person": False,
        "criteria": [{"title": "All", "points": 2, "quote": said, "note": said}],
    }  # fmt: skip
    bare = [{"title": "All", "points": 2, "quote": None, "note": ""}]
    assert _let_out(fields, said, "") == fields
    assert _let_out(fields, "Write to [EMAIL].", "") == {**fields, "feedback": "Write to [EMAIL].", "criteria": bare}
    for whole, own in ((None, ""), (said, None)):
        withheld = _let_out(fields, whole, own)
        assert (withheld["feedback"], withheld["criteria"], withheld["needs_person"]) == ("", bare, True)
        assert withheld["concerns"] == ["withheld"]


def test_all_texts_of_a_value_are_found() -> None:
    assert list(texts_in({"a": ["one", 2, {"b": ("two", None)}], "c": UUID(int=1)})) == ["one", "two"]
