"""Every capability of the platform, gone through over HTTP on a demo course, as a learner and as its instructor.

Without a language model: quotations are in what is quoted, sources are units of the course, keys stay secret, drafts
stay drafts, people decide.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from stores.ids import new_id
from tests.patience import PATIENCE_SECONDS

KNOWN, FOREIGN = "What is the median?", "Who won the football world cup of 1998?"
OPEN, KEY = "What is the sample standard deviation of 2, 4, 4, 6, 9? Give two decimals.", "2.65"
ESSAY = (
    "The claim was published by a newspaper on 3 March: two thirds of all commuters are happier than last year. The "
    "source is a survey of 212 people who answered on a web site. One row is one person who answered. The population "
    "should be all commuters of the city, but nobody who has no time to answer is in the sample, so those who are "
    "missing differ. The mean was shown without a median, and a few very happy people pull a mean up. The chart begins "
    "at 60 percent, so a small difference looks large. I would ask how many were asked, and what became of the others. "
)
OUTLINE = "# Tides\n\nThe moon pulls at the sea. Twice a day the water rises.\n\n# Waves\n\nWind makes waves."


@dataclass
class Tour:
    """A learner of their own, who takes `course`, its teacher and an administrator."""

    learner: httpx.Client
    teacher: httpx.Client
    administrator: httpx.Client
    course: str = ""
    enrolment: str = ""
    units: dict[str, dict[str, Any]] = field(default_factory=dict)

    def of_kind(self, kind: str) -> dict[str, Any]:
        return next(unit for unit in self.units.values() if unit["kind"] == kind)


def ok(answer: httpx.Response, status: int = 200) -> Any:
    assert answer.status_code == status, f"{answer.request.method} {answer.request.url}: {answer.text}"
    return answer.json()


@contextmanager
def touring(base_url: str, demo_password: str) -> Iterator[Tour]:
    """Sign them in, and the learner up."""
    options: dict[str, Any] = {"base_url": base_url, "timeout": PATIENCE_SECONDS, "trust_env": False}
    with httpx.Client(**options) as learner, httpx.Client(**options) as teacher, httpx.Client(**options) as admin:
        password, email = "a tour of all there is", f"{new_id().hex}@tour.example"
        person = {"organisation": "demo", "email": email, "password": password}
        ok(learner.post("/api/users/register", json={**person, "first_name": "A", "last_name": "B"}), 201)
        _sign_in(learner, person)
        for name, http in (("teacher", teacher), ("admin", admin)):
            _sign_in(http, {"organisation": "demo", "email": f"{name}@demo.example", "password": demo_password})
        tour = Tour(learner, teacher, admin)
        tour.course = ok(learner.get("/api/courses", params={"q": "data literacy"}))["items"][0]["id"]
        tour.enrolment = ok(learner.post("/api/enrollments", json={"course_id": tour.course}), 201)["id"]
        content = ok(learner.get(f"/api/courses/{tour.course}/content"))
        tour.units = {unit["id"]: unit for module in content["modules"] for unit in module["units"]}
        yield tour


def _sign_in(http: httpx.Client, credentials: dict[str, str]) -> None:
    http.headers["authorization"] = f"Bearer {ok(http.post('/api/sessions', json=credentials), 201)['access_token']}"


def tutor(tour: Tour) -> None:
    """Answers from the course with sources, declines what it does not cover, hints at an open quiz; streamed too."""
    talk = ok(tour.learner.post("/api/tutor/conversations", json={"course_id": tour.course}), 201)["id"]

    def asked(text: str) -> dict[str, Any]:
        reply: dict[str, Any] = ok(
            tour.learner.post(f"/api/tutor/conversations/{talk}/turns", json={"text": text}), 201
        )
        return reply

    answer = asked(KNOWN)
    assert answer["kind"] == "answer"
    assert answer["sources"]
    assert {source["unit_id"] for source in answer["sources"]} <= tour.units.keys()
    assert {int(number) for number in re.findall(r"\[(\d+)\]", answer["text"])} <= set(
        range(1, len(answer["sources"]) + 1)
    )
    assert answer["made_by"]["model"] == "extractive"
    declined = asked(FOREIGN)
    assert (declined["kind"], declined["sources"]) == ("declined", [])
    hint = asked(OPEN)
    assert hint["kind"] == "hint"
    assert KEY not in hint["text"]
    streamed = _streamed(
        tour.learner, f"/api/tutor/conversations/{talk}/turns", "And why is it hardly moved by outliers?"
    )
    assert streamed[-1][0] == "reply"
    assert [name for name, _ in streamed[:-1]] == ["delta"] * (len(streamed) - 1)
    assert len(ok(tour.learner.get(f"/api/tutor/conversations/{talk}"))["items"]) == 4


def _streamed(http: httpx.Client, path: str, text: str) -> list[tuple[str, Any]]:
    events = []
    with http.stream("POST", path, json={"text": text}, headers={"accept": "text/event-stream"}) as answer:
        assert answer.status_code == 201
        for block in answer.read().decode().strip().split("\n\n"):
            name, data = block.split("\n", 1)
            events.append((name.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
    return events


def mastery_and_path(tour: Tour) -> None:
    """A failed quiz is in what one knows, in words, and in what to do next, with reasons."""
    quiz = tour.of_kind("quiz")
    ok(tour.learner.post(f"/api/enrollments/{tour.enrolment}/units/{quiz['id']}/attempts", json={"answers": {}}), 201)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (answered := _answered(tour)):
        assert time.monotonic() < deadline, "the results do not arrive"
        time.sleep(0.2)
    assert all(skill["explanation"].startswith("You answered 0 of ") for skill in answered)
    path = ok(tour.learner.get(f"/api/learning/courses/{tour.course}/path", params={"minutes": 60}))
    assert path["steps"]
    assert all(step["reason"] and step["unit_id"] in tour.units for step in path["steps"])
    seen = ok(tour.teacher.get(f"/api/learning/courses/{tour.course}/learners/{path['user_id']}/path"))
    assert seen["user_id"] == path["user_id"]


def _answered(tour: Tour) -> list[dict[str, Any]]:
    known = ok(tour.learner.get(f"/api/learning/courses/{tour.course}/mastery"))
    return [skill for skill in known["skills"] if skill["answers"]]


def content(tour: Tour) -> None:
    """The teacher has everything proposed, each with its checks; the draft and the course stay as they were."""
    draft = ok(tour.teacher.get(f"/api/courses/{tour.course}/draft"))
    wanted = (
        {"kind": "quiz", "questions": 3},
        {"kind": "unit", "topic": "median and mean"},
        {"kind": "rubric", "unit_id": tour.of_kind("assignment")["id"]},
        {"kind": "improvements", "unit_id": tour.of_kind("text")["id"]},
        {"kind": "outline", "title": "The sea", "text": OUTLINE, "questions": 1},
    )
    for one in wanted:
        made = ok(tour.teacher.post(f"/api/courses/{tour.course}/proposals", json=one))
        assert made["kind"] == one["kind"]
        assert made["checks"]
        assert made["made_by"]
        assert tour.learner.post(f"/api/courses/{tour.course}/proposals", json=one).status_code in (403, 404)
    assert ok(tour.teacher.get(f"/api/courses/{tour.course}/draft")) == draft


def grading(tour: Tour) -> None:
    """An essay gets a suggestion that quotes it; a person decides; the learner appeals and is answered."""
    unit = tour.of_kind("assignment")["id"]
    at = f"/api/enrollments/{tour.enrolment}/units/{unit}/submissions"
    work = ok(tour.learner.post(at, json={"body": 3 * ESSAY}), 201)["id"]
    suggested = ok(tour.teacher.post(f"/api/enrollments/submissions/{work}/suggestion"), 201)
    assert 0 <= float(suggested["points"]) <= float(suggested["maximum_points"])
    assert 0 <= suggested["confidence"] <= 1
    quotes = [line["quote"] for line in suggested["criteria"] if line["quote"]]
    assert quotes
    assert all(_letters(quote) in _letters(3 * ESSAY) for quote in quotes)
    assert suggested["made_by"]["model"]
    assert ok(tour.learner.get(at))["items"][0]["points"] is None  # nothing counts before a person has decided
    grade = {"points": "1", "feedback": "Say more."}
    ok(tour.teacher.put(f"/api/enrollments/submissions/{work}/grade", json=grade))
    appeal = {"reason": "The chart was explained."}
    ok(tour.learner.post(f"/api/enrollments/submissions/{work}/appeals", json=appeal), 201)
    queue = ok(tour.teacher.get(f"/api/enrollments/courses/{tour.course}/appeals"))["items"]
    assert work in {one["submission_id"] for one in queue}


def _letters(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).lower()


def prediction(tour: Tour) -> None:
    """Nothing is predicted before a model has passed its gate, and it is said so; a learner sees nobody else's."""
    refused = tour.teacher.post(f"/api/learning/courses/{tour.course}/predictions")
    assert refused.status_code in (200, 404, 409), refused.text
    assert refused.status_code == 200 or refused.json()["detail"]
    assert tour.learner.get(f"/api/learning/courses/{tour.course}/predictions").status_code == 403
    assert ok(tour.learner.get("/api/learning/predictions"))["items"] == []


def agents(tour: Tour) -> None:
    """A task of the learner's runs to its end; one that writes into a course waits for somebody else, who refuses."""
    questions = {"course_id": tour.course, "questions": [KNOWN, FOREIGN]}
    told = _ended(tour.learner, _task(tour.learner, "ask_tutor", questions))
    assert told["status"] == "succeeded", told
    assert [one["kind"] for one in told["result"]["replies"]] == ["answer", "declined"]
    task = _task(tour.teacher, "revision_notes", {"course_id": tour.course, "topic": "median"})
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (waiting := _approvals(tour.administrator, task)):
        assert time.monotonic() < deadline, ok(tour.teacher.get(f"/api/agents/tasks/{task}"))
        time.sleep(0.2)
    approval = ok(tour.administrator.get(f"/api/agents/approvals/{waiting[0]}"))
    assert approval["draft"]
    refusal = {"plan_hash": approval["plan_hash"], "reason": "Not now."}
    ok(tour.administrator.post(f"/api/agents/approvals/{waiting[0]}/refuse", json=refusal))
    assert _ended(tour.teacher, task)["status"] == "refused"


def _task(http: httpx.Client, kind: str, wanted: dict[str, Any]) -> str:
    made = http.post("/api/agents/tasks", json={"kind": kind, "input": wanted})
    assert made.status_code in (201, 202), made.text
    return str(made.json()["id"])


def _approvals(http: httpx.Client, task: str) -> list[str]:
    return [one["id"] for one in ok(http.get("/api/agents/approvals"))["items"] if one["task_id"] == task]


def _ended(http: httpx.Client, task: str) -> dict[str, Any]:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        found: dict[str, Any] = ok(http.get(f"/api/agents/tasks/{task}"))
        if found["status"] in {"succeeded", "failed", "refused", "cancelled"}:
            return found
        assert time.monotonic() < deadline, found
        time.sleep(0.2)


CAPABILITIES = (tutor, mastery_and_path, content, grading, prediction, agents)
