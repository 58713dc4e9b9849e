"""Content that is proposed for a draft."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from configs.settings import Settings
from tests.integration.courses.support import create, ok, problem
from tests.platform import Account, Platform
from tests.upstream import MODEL, platform_asking

FACTS = """## Memory

The **working memory** holds about four pieces at a time. A **testing effect** is what recalling does for
later memory. The **spacing effect** means that spread practice lasts longer than massed practice. An
**implementation intention** names a cue that happens anyway. The worked example helps whoever knows little
about a subject. The working memory is small. The testing effect was found early, and the spacing effect was
found earlier. A worked example is read, not solved. An implementation intention is short. The forgetting
curve falls fast at first and slowly later. The forgetting curve was drawn by Ebbinghaus, who learned lists of
syllables, and every sentence that follows here, although it says hardly anything new, goes on for so long
that nobody who reads it aloud can get to the end of it without stopping for breath.
"""
WORK = "Do this.\n\n1. **The claim** as it was published.\n2. **The data**, with its source.\n"
MODULES: list[dict[str, Any]] = [
    {"title": "One", "units": [
        {"kind": "text", "title": "Memory", "body": FACTS},
        {"kind": "assignment", "title": "Work", "assignment": {"instructions": WORK, "maximum_points": 10}},
    ]}
]  # fmt: skip


KINDS_OF_CHECKS = {"grounding", "answerability", "duplication", "level"}


async def propose(person: Account, course: str, status: int = 200, **wanted: Any) -> dict[str, Any]:
    found: dict[str, Any] = ok(await person.http.post(f"/api/courses/{course}/proposals", json=wanted), status)
    return found


async def test_what_an_author_changed_is_what_is_asked_about(platform: Platform) -> None:
    """However much is remembered of the text before."""
    teacher = await (await platform.create_organisation()).person("instructor")
    course = await create(teacher, title="Learning", modules=MODULES)
    text = ok(await teacher.http.get(f"/api/courses/{course}/draft"))["modules"][0]["units"][0]["id"]
    first, same = [await propose(teacher, course, kind="quiz", questions=5) for _ in range(2)]
    assert _statements(first) == _statements(same)
    changed = FACTS.replace("four pieces", "seven pieces").replace("early", "late")
    ok(await teacher.http.patch(f"/api/courses/{course}/units/{text}", json={"body": changed}))
    said = " ".join(_statements(await propose(teacher, course, kind="quiz", questions=10)))
    assert "seven pieces" in said
    assert "four pieces" not in said
    problem(
        await teacher.http.post(f"/api/courses/{course}/proposals", json={"kind": "unit", "topic": "volcanoes"}),
        409, "nothing-to-propose",
    )  # fmt: skip


def failing(proposal: dict[str, Any]) -> list[str]:
    return [check["check"] for check in proposal["checks"] if not check["passed"]]


def _statements(quiz: dict[str, Any]) -> list[str]:
    return [question["explanation"] for question in quiz["unit"]["quiz"]["questions"]]


async def test_what_is_proposed_fits_into_the_draft(platform: Platform) -> None:
    org = await platform.create_organisation()
    teacher = await org.person("instructor")
    course = await create(teacher, title="Learning", modules=MODULES)
    [module] = ok(await teacher.http.get(f"/api/courses/{course}/draft"))["modules"]
    text, work = (unit["id"] for unit in module["units"])
    units = f"/api/courses/{course}/modules/{module['id']}/units"

    quiz = await propose(teacher, course, kind="quiz", questions=3)
    assert quiz["sources"][0] == text
    assert all(check["passed"] for check in quiz["checks"]), quiz["checks"]
    assert {check["check"] for check in quiz["checks"]} == KINDS_OF_CHECKS
    for question in quiz["unit"]["quiz"]["questions"]:
        options = {option["id"]: option["text"] for option in question["options"]}
        assert len(options) == 4
        assert options[question["correct"]] in question["explanation"]
    ok(await teacher.http.post(units, json=quiz["unit"]), 201)
    again = await propose(teacher, course, kind="quiz", questions=1)
    assert again["unit"]["quiz"]["questions"][0]["prompt"] not in {
        question["prompt"] for question in quiz["unit"]["quiz"]["questions"]
    }

    rubric = await propose(teacher, course, kind="rubric", unit_id=work)
    assert sum(one["points"] for one in rubric["marking"]["criteria"]) == 10
    assert [one["title"] for one in rubric["marking"]["criteria"]][:2] == ["The claim", "The data"]
    assert {check["check"] for check in rubric["checks"]} == KINDS_OF_CHECKS
    assert failing(rubric) == []
    assignment = {"instructions": WORK, "maximum_points": 10, "marking": rubric["marking"]}
    ok(await teacher.http.patch(f"/api/courses/{course}/units/{work}", json={"assignment": assignment}))
    assert failing(await propose(teacher, course, kind="rubric", unit_id=work)) == []  # its own is no other
    second = {"kind": "assignment", "title": "Again", "assignment": assignment}
    again = ok(await teacher.http.post(units, json=second), 201)["id"]
    assert failing(await propose(teacher, course, kind="rubric", unit_id=again)) == ["duplication"]
    ok(await teacher.http.delete(f"/api/courses/{course}/units/{again}"), 204)

    unit = await propose(teacher, course, kind="unit", topic="the spacing effect")
    assert "spacing effect" in unit["unit"]["body"]
    assert failing(unit) == []
    ok(await teacher.http.post(units, json=unit["unit"]), 201)
    unit = await propose(teacher, course, kind="unit", topic="the spacing effect", unit_ids=[text])
    assert failing(unit) == ["duplication"]  # it is the one that was proposed before

    better = await propose(teacher, course, kind="improvements", unit_id=text)
    [long] = [one for one in better["improvements"] if one["kind"] == "long_sentence"]
    assert " ".join(long["quote"].split()) in " ".join(FACTS.split())

    outline = await propose(teacher, course, kind="outline", title="New", text=f"# A\n\n{FACTS}\n\n# B\n\nMore text.\n")
    assert [one["title"] for one in outline["modules"]] == ["A", "B"]
    assert any(check["check"] == "duplication" and not check["passed"] for check in outline["checks"])
    for one in outline["modules"]:
        ok(await teacher.http.post(f"/api/courses/{course}/modules", json=one), 201)
    ok(await teacher.http.post(f"/api/courses/{course}/publish"))


async def test_who_may_have_content_proposed_and_of_what(platform: Platform) -> None:
    org = await platform.create_organisation()
    teacher, other = await org.person("instructor"), await org.person("instructor", fresh=True)
    course = await create(teacher, title="Empty")
    path = f"/api/courses/{course}/proposals"
    student = await org.person()
    assert (await student.http.post(path, json={"kind": "quiz"})).status_code == 403
    assert (await other.http.post(path, json={"kind": "quiz"})).status_code == 403
    problem(await teacher.http.post(path, json={"kind": "quiz"}), 409, "nothing-to-propose")
    problem(
        await teacher.http.post(path, json={"kind": "outline", "title": "x", "text": "# "}), 409, "nothing-to-propose"
    )
    problem(await teacher.http.post(path, json={"kind": "poem"}), 422, "invalid")
    problem(await teacher.http.post(path, json={"kind": "rubric", "unit_id": course}), 404, "unit-not-found")


async def test_a_model_words_proposals_as_far_as_they_hold(settings: Settings, tmp_path: Path) -> None:
    answers: list[Any] = []
    right = {
        "prompt": "What holds about four pieces?", "options": ["The working memory", "A syllable", "A list", "A cue"],
        "correct": 0, "quote": "The working memory holds about four pieces at a time.",
    }  # fmt: skip
    made_up = {**right, "prompt": "Who was first?", "quote": "Napoleon was the first to say so."}
    async with platform_asking(settings, tmp_path, lambda _: json.dumps(answers[0]), content_model=MODEL) as made:
        org = await made[0].create_organisation()
        teacher, admin = await org.person("instructor"), await org.person("org_admin")
        course = await create(teacher, title="Learning", modules=MODULES)
        [module] = ok(await teacher.http.get(f"/api/courses/{course}/draft"))["modules"]
        text, work = (unit["id"] for unit in module["units"])

        answers[:] = [{"questions": [right, made_up]}]
        quiz = await propose(teacher, course, kind="quiz", questions=3)
        assert (quiz["made_by"]["model"], quiz["made_by"]["by_model"], quiz["made_by"]["left_out"]) == (MODEL, 1, 1)
        prompts = [question["prompt"] for question in quiz["unit"]["quiz"]["questions"]]
        assert (prompts[0], len(prompts)) == (right["prompt"], 3)
        assert all(check["passed"] for check in quiz["checks"]), quiz["checks"]
        ok(await teacher.http.post(f"/api/courses/{course}/modules/{module['id']}/units", json=quiz["unit"]), 201)

        answers[:] = [{"title": "Spacing", "body": "## Spacing\n\nSpread practice lasts longer than massed practice."}]
        unit = await propose(teacher, course, kind="unit", topic="the spacing effect")
        assert (unit["unit"]["title"], unit["made_by"]["method"]) == ("Spacing", "model")
        answers[:] = [{"title": "Sleep", "body": "Napoleon slept four hours a night. He won at Austerlitz in 1805."}]
        unit = await propose(teacher, course, kind="unit", topic="the spacing effect")
        assert (unit["unit"]["title"], unit["made_by"]["method"]) == ("the spacing effect", "extractive")

        criteria = [{"title": "The claim as published", "points": 6}, {"title": "The data and its source", "points": 4}]
        answers[:] = [{"criteria": criteria}]
        rubric = await propose(teacher, course, kind="rubric", unit_id=work)
        assert [one["points"] for one in rubric["marking"]["criteria"]] == [6, 4]

        long = next(line for line in FACTS.split(". ") if "although" in line)
        short = {"quote": long, "advice": "Cut it.", "proposal": "The forgetting curve was drawn by Ebbinghaus."}
        answers[:] = [{"improvements": [short]}]
        better = await propose(teacher, course, kind="improvements", unit_id=text)
        assert [one["kind"] for one in better["improvements"]].count("rewording") == 1

        answers[:] = ["I cannot do that."]  # no model has to keep to a form
        outline = await propose(
            teacher, course, kind="outline", title="New", text="Bees hum.\n\nBees fly.\n\nBees eat."
        )
        assert outline["made_by"]["method"] == "extractive"
        usage = ok(await admin.http.get("/api/llm/usage", params={"by": "feature"}))
        assert any(row.get("feature") == "content" for row in usage["groups"])
