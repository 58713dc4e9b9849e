"""Reading a published version."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

import pytest

from deployments.enrollments.content import UnitKind, parse_version
from deployments.enrollments.scoring import score_quiz

OPTIONS = [{"id": "a", "text": "A"}, {"id": "b", "text": "B"}]
QUIZ = {
    "pass_mark_percent": 62.5,
    "attempts_allowed": None,
    "questions": [
        {"id": "1", "kind": "single_choice", "prompt": "", "points": 1, "options": OPTIONS, "correct": "b"},
        {"id": "2", "kind": "multiple_choice", "prompt": "", "points": 1.5, "options": OPTIONS, "correct": ["a", "b"]},
        {"id": "3", "kind": "true_false", "prompt": "", "points": 1, "correct": True, "explanation": "so"},
        {"id": "4", "kind": "numeric", "prompt": "", "points": 2, "correct": 0.3, "tolerance": 0.1},
        {"id": "5", "kind": "short_text", "prompt": "", "points": 2.5, "accepted": ["Ja"]},
    ],
}
CONTENT = {
    "modules": [
        {
            "id": str(UUID(int=1)),
            "title": "M",
            "units": [
                {"id": str(UUID(int=10)), "kind": "text", "title": "T", "body": "long", "quiz": None},
                {"id": str(UUID(int=11)), "kind": "quiz", "title": "Q", "quiz": QUIZ},
            ],
        },
        {
            "id": str(UUID(int=2)),
            "title": "N",
            "units": [
                {"id": str(UUID(int=12)), "kind": "video", "title": "V", "video_url": "https://example.org"},
                {
                    "id": str(UUID(int=13)), "kind": "assignment", "title": "A",
                    "assignment": {"instructions": "", "maximum_points": 7.5, "pass_mark_percent": 40},
                },
            ],
        },
    ]
}  # fmt: skip


def test_units_in_order_with_what_they_need() -> None:
    version = parse_version(UUID(int=5), "Course", CONTENT)
    assert [(unit.kind, unit.module_id.int, unit.assessed) for unit in version.units] == [
        (UnitKind.TEXT, 1, False), (UnitKind.QUIZ, 1, True), (UnitKind.VIDEO, 2, False), (UnitKind.ASSIGNMENT, 2, True),
    ]  # fmt: skip
    essay = version.by_id[UUID(int=13)].assignment
    assert essay is not None
    assert essay.passed(Decimal("3"), essay.maximum_points)
    assert not essay.passed(Decimal("2.99"), essay.maximum_points)


@pytest.mark.parametrize(
    ("answers", "points", "passed"),
    [
        ({}, 0, False),
        ({"1": "b", "2": ["b", "a"], "3": True, "4": 0.4, "5": "JA "}, 8, True),
        ({"1": "a", "2": ["a"], "3": False, "4": 0.5, "5": "nein"}, 0, False),
        ({"1": "b", "2": ["a", "b"], "5": "ja"}, 5, True),  # exactly the mark
        ({"3": True, "4": 0.2, "2": ["a", "b"]}, 4.5, False),
    ],
)
def test_a_quiz_is_scored_by_its_key(answers: dict[str, object], points: float, passed: bool) -> None:
    quiz = parse_version(UUID(int=5), "Course", CONTENT).by_id[UUID(int=11)].quiz
    assert quiz is not None
    result = score_quiz(quiz, answers)  # type: ignore[arg-type]
    assert (result.points, result.maximum_points, result.passed) == (Decimal(str(points)), Decimal(8), passed)
