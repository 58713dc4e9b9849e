"""What learners and instructors are offered, with the real small model behind it, over HTTP.

A model this small is often wrong. What is asserted holds whatever it says: sources, keys, checks, quotations, people.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx
import pytest

from stores.ids import new_id
from tests.acceptance_llm.conftest import ANSWER_SECONDS, MODEL, LlmPlatform

Found = TypeVar("Found")
QUOTED = "extractive"  # where nothing of the model's answer held, the course's own sentences stand in
ENDED = ("succeeded", "failed", "refused", "cancelled")
BIAS = "What is non-response bias?"
YEAST = "Yeast is a fungus that eats sugar. It gives off carbon dioxide, which makes the dough rise."
GLUTEN = "Gluten is a net of proteins that holds the gas. Kneading makes the net stronger."
BREAD = f"# Bread\n\n## Yeast\n\n{YEAST}\n\n## Gluten\n\n{GLUTEN}\n"
KEY = "carbon dioxide"
QUESTION = "Which gas does yeast give off when it eats sugar?"
REFERENCE = "Yeast eats the sugar and gives off gas, which makes the dough rise."
SHORT = "Because yeast eats sugar and gives off gas."
ESSAY = (
    "The source of the claim is a study of bakeries. I read it in full, and it says less than the news did. "
    "Another explanation is that the warmer kitchens had the newer ovens. The newspaper did not mention this."
)
CRITERIA = "| Criterion | Points |\n|---|---|\n| The source of the claim is named | 6 |\n| Clear writing | 4 |\n"


def assignment(title: str, instructions: str, points: int, **marking: Any) -> dict[str, Any]:
    asked = {"instructions": instructions, "maximum_points": points, **marking}
    return {"kind": "assignment", "title": title, "assignment": asked}


def course_on_bread() -> dict[str, Any]:
    asked = {"kind": "short_text", "prompt": QUESTION, "accepted": [KEY], "explanation": ""}
    references = {"kind": "short_answer", "question": "Why does dough rise?", "references": [REFERENCE]}
    units = [
        {"kind": "text", "title": "Yeast", "body": f"{YEAST}\n\n{GLUTEN}"},
        {"kind": "quiz", "title": "Gases", "quiz": {"pass_mark_percent": 50, "questions": [asked]}},
        assignment("Why", "Why does dough rise?", 2, marking=references),
        assignment("Essay", f"Take a claim about bread apart.\n\n{CRITERIA}", 10),
    ]
    return {"title": f"Bread {new_id().hex}", "modules": [{"title": "Dough", "units": units}]}


def ok(answer: httpx.Response, status: int = 200) -> Any:
    assert answer.status_code == status, answer.text
    return answer.json()


def until(look: Callable[[], Found], enough: Callable[[Found], bool]) -> Found:
    give_up_at = time.monotonic() + ANSWER_SECONDS
    while not enough(found := look()):
        assert time.monotonic() < give_up_at, found
        time.sleep(0.2)
    return found


@dataclass(frozen=True)
class School:
    """The demo school's learner, instructor and administrator; its course on data, and a new one on bread."""

    student: httpx.Client
    teacher: httpx.Client
    administrator: httpx.Client
    data: str
    bread: str
    enrolment: str
    units: dict[str, str]

    def draft(self, course: str) -> Any:
        return ok(self.teacher.get(f"/api/courses/{course}/draft"))

    def conversation(self, course: str) -> str:
        return str(ok(self.student.post("/api/tutor/conversations", json={"course_id": course}), 201)["id"])

    def ask(self, conversation: str, text: str) -> Any:
        return ok(self.student.post(f"/api/tutor/conversations/{conversation}/turns", json={"text": text}), 201)

    def propose(self, course: str, kind: str, **wanted: Any) -> Any:
        return ok(self.teacher.post(f"/api/courses/{course}/proposals", json={"kind": kind, **wanted}))

    def hand_in(self, title: str, body: str) -> str:
        at = f"/api/enrollments/{self.enrolment}/units/{self.units[title]}/submissions"
        return str(ok(self.student.post(at, json={"body": body}), 201)["id"])

    def suggest(self, submission: str) -> Any:
        return ok(self.teacher.post(f"/api/enrollments/submissions/{submission}/suggestion"), 201)

    def task(self, who: httpx.Client, kind: str, *pauses: str, **given: Any) -> Any:
        task = ok(who.post("/api/agents/tasks", json={"kind": kind, "input": given}), 201)["id"]
        return self.await_task(who, task, *pauses)

    @staticmethod
    def await_task(who: httpx.Client, task: str, *pauses: str) -> Any:
        return until(lambda: ok(who.get(f"/api/agents/tasks/{task}")), lambda one: one["status"] in ENDED + pauses)


@pytest.fixture(scope="module")
def school(llm_platform: LlmPlatform) -> Iterator[School]:
    def signed_in(who: str) -> httpx.Client:
        headers = {"authorization": f"Bearer {llm_platform.token(who)}"}
        return httpx.Client(
            base_url=llm_platform.base_url, headers=headers, timeout=ANSWER_SECONDS, trust_env=False
        )  # fmt: skip

    with signed_in("student") as student, signed_in("teacher") as teacher, signed_in("admin") as administrator:
        (data,) = ok(student.get("/api/courses", params={"q": "data literacy"}))["items"][:1]
        answer = student.post("/api/enrollments", json={"course_id": data["id"]})
        assert answer.status_code in (201, 409), answer.text  # by an earlier run on the same platform
        bread = ok(teacher.post("/api/courses", json=course_on_bread()), 201)["id"]
        ok(teacher.post(f"/api/courses/{bread}/publish"))
        enrolment = ok(student.post("/api/enrollments", json={"course_id": bread}), 201)["id"]
        (module,) = ok(student.get(f"/api/courses/{bread}/content"))["modules"]
        units = {unit["title"]: unit["id"] for unit in module["units"]}
        _await_passages(student, bread, "yeast")
        _await_passages(student, data["id"], "non-response bias")
        yield School(student, teacher, administrator, data["id"], bread, enrolment, units)


def _await_passages(student: httpx.Client, course: str, words: str) -> None:
    """What was published is found within seconds; until then the tutor says that the course does not cover it."""
    sought = {"q": words, "course_id": course}
    until(lambda: ok(student.get("/api/courses/passages", params=sought)), lambda found: bool(found["items"]))


@pytest.fixture(scope="module")
def slow(school: School) -> Iterator[dict[str, Future[Any]]]:
    """Whatever waits for the model, all of it at once: it answers several together."""
    missing = school.draft(school.data)["modules"][0]["units"][1]["id"]  # a short text has no terms to choose from
    wanted: dict[str, Callable[[], Any]] = {
        "answer": lambda: school.ask(school.conversation(school.data), BIAS),
        "stream": lambda: _streamed(school, "Why is the median hardly moved by outliers?"),
        "outline": lambda: school.propose(school.bread, "outline", title="Bread", text=BREAD, questions=1),
        "unit": lambda: school.propose(school.bread, "unit", topic="Yeast", unit_ids=[school.units["Yeast"]]),
        "quiz": lambda: school.propose(school.data, "quiz", unit_ids=[missing], questions=1),
        "rubric": lambda: school.propose(school.bread, "rubric", unit_id=school.units["Essay"]),
        "improvements": lambda: school.propose(school.bread, "improvements", unit_id=school.units["Yeast"]),
        "short answer": lambda: school.suggest(school.hand_in("Why", SHORT)),
        "essay": lambda: school.suggest(school.hand_in("Essay", ESSAY)),
        "task": lambda: school.task(school.student, "ask_tutor", course_id=school.data, questions=[BIAS]),
    }
    with ThreadPoolExecutor(len(wanted)) as pool:
        yield {name: pool.submit(ask) for name, ask in wanted.items()}


def _streamed(school: School, text: str) -> list[tuple[str, Any]]:
    at = f"/api/tutor/conversations/{school.conversation(school.data)}/turns"
    wanted = {"accept": "text/event-stream"}
    with school.student.stream("POST", at, json={"text": text}, headers=wanted) as answer:
        assert answer.status_code == 201
        events = [block.split("\n", 1) for block in "".join(answer.iter_text()).split("\n\n") if "data: " in block]
    return [(name.removeprefix("event: "), json.loads(data.removeprefix("data: "))) for name, data in events]


def cites_the_course(school: School, turn: Any) -> None:
    """It is an answer, and each source is a unit of the course that the text names by its number."""
    assert turn["kind"] == "answer"
    assert turn["made_by"]["model"] in (MODEL, QUOTED)
    modules = ok(school.student.get(f"/api/courses/{school.data}/content"))["modules"]
    assert {one["unit_id"] for one in turn["sources"]} <= {unit["id"] for one in modules for unit in one["units"]}
    assert turn["sources"]
    assert all(f"[{one['number']}]" in turn["text"] and one["heading"] in turn["text"] for one in turn["sources"])


def test_the_tutor_answers_from_the_course(school: School, slow: dict[str, Future[Any]]) -> None:
    cites_the_course(school, slow["answer"].result())


def test_a_streamed_answer_ends_with_the_whole_of_it(school: School, slow: dict[str, Future[Any]]) -> None:
    events = slow["stream"].result()
    assert [name for name, _ in events[-1:]] == ["reply"]
    assert {name for name, _ in events[:-1]} == {"delta"}
    reply = events[-1][1]
    cites_the_course(school, reply)
    said = [line.strip() for line in reply["text"].split(". ") if line.strip()]
    assert len(said) == len(set(said))  # nothing is said twice


def test_what_the_course_does_not_teach_is_declined(school: School) -> None:
    turn = school.ask(school.conversation(school.data), "What is the capital of Mongolia?")
    assert (turn["kind"], turn["sources"]) == ("declined", [])
    assert "Ulaanbaatar" not in turn["text"]


def test_a_question_of_an_open_quiz_gets_hints_and_never_its_key(school: School) -> None:
    conversation = school.conversation(school.bread)
    for _ in range(3):
        turn = school.ask(conversation, QUESTION)
        assert turn["kind"] == "hint"
        assert KEY not in turn["text"].casefold()
    shown = school.student.get(f"/api/courses/{school.bread}/content").text
    assert "accepted" not in shown


def test_mastery_comes_with_words_and_a_path_with_reasons(school: School) -> None:
    unit = school.units["Gases"]
    content = ok(school.student.get(f"/api/courses/{school.bread}/content"))
    asked = next(one for one in content["modules"][0]["units"] if one["id"] == unit)["quiz"]["questions"][0]["id"]
    at = f"/api/enrollments/{school.enrolment}/units/{unit}/attempts"
    attempt = ok(school.student.post(at, json={"answers": {asked: "oxygen"}}), 201)
    assert not attempt["passed"]
    at = f"/api/learning/courses/{school.bread}"
    (skill,) = until(
        lambda: ok(school.student.get(f"{at}/mastery"))["skills"], lambda skills: bool(skills[0]["answers"])
    )
    assert skill["level"] != "unseen"
    assert "You answered 0 of 1" in skill["explanation"]
    assert "Dough" in skill["explanation"]
    path = ok(school.student.get(f"{at}/path"))
    assert path["steps"]
    assert all(step["reason"] and step["unit_id"] in school.units.values() for step in path["steps"])
    (learner,) = ok(school.teacher.get(f"{at}/learners"))["items"]
    advised = ok(school.teacher.get(f"{at}/learners/{learner['user_id']}/path"))["steps"]
    assert [step["unit_id"] for step in advised] == [step["unit_id"] for step in path["steps"]]


@pytest.mark.parametrize("kind", ["outline", "unit", "quiz", "rubric", "improvements"])
def test_proposals_are_checked_and_say_what_made_them(slow: dict[str, Future[Any]], kind: str) -> None:
    proposal = slow[kind].result()
    assert proposal["kind"] == kind
    assert proposal["made_by"]["model"] == MODEL
    assert proposal["made_by"]["method"]
    assert proposal["checks"]
    content = {"outline": "modules", "unit": "unit", "quiz": "unit", "rubric": "marking"}.get(kind, kind)
    assert proposal[content] is not None
    if kind == "rubric":
        assert sum(one["points"] for one in proposal["marking"]["criteria"]) == 10
    if kind == "improvements":
        assert all(one["quote"].strip("…") in f"{YEAST}\n\n{GLUTEN}" for one in proposal["improvements"])


def test_nothing_that_is_proposed_is_kept(school: School, slow: dict[str, Future[Any]]) -> None:
    (proposed,) = slow["quiz"].result()["unit"]["quiz"]["questions"]
    assert proposed["prompt"] not in json.dumps(school.draft(school.data))
    for kind in ("outline", "unit", "quiz", "rubric", "improvements"):
        slow[kind].result()
    assert [unit["title"] for unit in school.draft(school.bread)["modules"][0]["units"]] == list(school.units)
    assert len(ok(school.teacher.get(f"/api/courses/{school.bread}/versions"))["items"]) == 1


def test_a_suggestion_quotes_the_work_and_a_person_decides(school: School, slow: dict[str, Future[Any]]) -> None:
    for name, body in (("short answer", SHORT), ("essay", ESSAY)):
        suggestion = slow[name].result()
        assert 0 <= float(suggestion["points"]) <= float(suggestion["maximum_points"])
        assert 0 <= suggestion["confidence"] <= 1
        assert suggestion["made_by"]["model"]
        assert suggestion["feedback"]
        quotes = [one["quote"].strip("“”") for one in suggestion["criteria"] if one["quote"]]
        assert all(quote in body for quote in quotes), quotes
        submission = f"/api/enrollments/submissions/{suggestion['submission_id']}"
        at = f"/api/enrollments/{school.enrolment}/units/{suggestion['unit_id']}/submissions"
        assert ok(school.student.get(at))["items"][0]["points"] is None  # it is no grade
        given = {"points": suggestion["points"], "feedback": "Read by a person."}
        ok(school.teacher.put(f"{submission}/grade", json=given))
        decided = ok(school.teacher.get(f"{submission}/suggestion"))
        assert (decided["status"], decided["decided_by_agent"]) == ("accepted", False)
    assert suggestion["needs_person"]  # an essay, without decisions to learn from


def test_a_person_answers_an_appeal(school: School, slow: dict[str, Future[Any]]) -> None:
    submission = slow["essay"].result()["submission_id"]
    at = f"/api/enrollments/submissions/{submission}"
    ok(school.teacher.put(f"{at}/grade", json={"points": "5", "feedback": ""}))
    appeal = ok(school.student.post(f"{at}/appeals", json={"reason": "I named the source."}), 201)
    answer = {"upheld": True, "points": "7", "decision": "So you did."}
    decided = f"/api/enrollments/appeals/{appeal['id']}/decision"
    assert school.student.post(decided, json=answer).status_code == 403
    assert ok(school.teacher.post(decided, json=answer))["status"] == "upheld"
    (shown,) = ok(school.student.get(f"{at}/appeals"))["items"]
    assert (shown["new_points"], shown["decision"]) == ("7.00", "So you did.")


def test_nothing_is_predicted_before_a_model_serves(school: School) -> None:
    at = f"/api/learning/courses/{school.bread}/predictions"
    refused = ok(school.teacher.post(at), 409)
    assert refused["type"] == "urn:azora:problem:no-model-serves"
    assert ok(school.teacher.get(at))["items"] == []
    assert ok(school.student.get("/api/learning/predictions"))["items"] == []
    assert school.student.post(at).status_code == 403


def test_a_task_asks_the_tutor(slow: dict[str, Future[Any]]) -> None:
    task = slow["task"].result()
    assert task["status"] == "succeeded", task["error"]
    (reply,) = task["result"]["replies"]
    assert reply["kind"] == "answer"
    assert reply["sources"]
    assert reply["model"] in (MODEL, QUOTED)
    assert task["tokens"] > 0  # its own budget pays for the model


def test_what_a_task_drafts_waits_for_another_person(school: School) -> None:
    wanted = {"course_id": school.bread, "what": "outline", "title": "Bread", "text": BREAD, "questions": 1}
    task = school.task(school.teacher, "draft_content", "waiting_approval", **wanted)
    assert task["status"] == "waiting_approval", task["error"]
    assert len(school.draft(school.bread)["modules"]) == 1
    approval = task["approvals"][-1]
    at, seen = f"/api/agents/approvals/{approval['id']}/approve", {"plan_hash": approval["plan_hash"]}
    assert school.teacher.post(at, json=seen).status_code == 403
    ok(school.administrator.post(at, json=seen))
    done = school.await_task(school.teacher, task["id"])
    assert done["status"] == "succeeded", done["error"]
    assert len(school.draft(school.bread)["modules"]) == 2
    assert len(ok(school.teacher.get(f"/api/courses/{school.bread}/versions"))["items"]) == 1  # a draft it stays
