"""How fast the AI that somebody waits for answers: mastery, paths, predictions, the tutor, suggested grades, proposed
content, tasks of agents; and how soon a result is in what a learner knows.

    python -m benchmarks.live [--rounds 40]

One person after the other, over HTTP, against a platform that runs or one of its own, on a demo course that several
learners take, once all of it is indexed. Every question to the tutor is another one. No language model is asked, so the
time is all the platform's; what it adds to a model's own is for `benchmarks.llm` to say. Predictions are read and not
made, since no model of risk serves here. Exits with 1 where the 95th percentile of a call is above 200 ms.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles
from typing import Any

import yaml
from rich.console import Console
from rich.table import Table

from benchmarks.client import Client, Identity
from benchmarks.target import Target, target
from stores.ids import new_id

_PASSWORD = "a benchmark's own password"
_LEARNERS = 8
_MOST_MS = 200.0
_COURSE = Path(__file__).parent.parent / "configs/demo/courses/data-literacy.yaml"
_QUESTIONS_FILE = Path(__file__).parent / "data/retrieval_questions.yaml"
_ANSWER = "The mean is pulled up by a few very large values, while the median stays where half of them lie."
_TASK = {
    "kind": "assignment", "title": "In a sentence",
    "assignment": {
        "instructions": "Why do incomes have a mean above their median?", "maximum_points": 2,
        "marking": {
            "kind": "short_answer", "question": "Why do incomes have a mean above their median?",
            "references": ["A few very high incomes pull the mean up but hardly move the median."],
        },
    },
}  # fmt: skip
console = Console(width=120)


@dataclass(frozen=True)
class World:
    """A course and who takes it; `quiz` is a unit that may be tried often, `submissions` what each handed in."""

    course: str
    quiz: dict[str, Any]
    learners: list[Identity]
    enrolments: list[str]
    conversations: list[str]
    submissions: list[str]
    questions: list[str]


async def _world(client: Client, place: Target) -> World:
    raw = yaml.safe_load(_COURSE.read_text(encoding="utf-8"))
    modules = raw["modules"]
    for unit in (unit for module in modules for unit in module["units"] if unit["kind"] == "quiz"):
        unit["quiz"]["attempts_allowed"] = None
    modules.append({"title": "In your own words", "units": [_TASK]})
    _, made = await client.call(
        "POST", "/api/courses", who=place.instructor, json={"title": f"Live {new_id()}", "modules": modules}
    )
    course = made["id"]
    await client.call("POST", f"/api/courses/{course}/publish", who=place.instructor)
    learners, enrolments, conversations = [], [], []
    for _ in range(_LEARNERS):
        who = Identity(place.organisation, f"{new_id()}@bench.example", _PASSWORD)
        person = {
            "organisation": place.organisation, "email": who.email, "password": _PASSWORD, "first_name": "Bench",
            "last_name": "Learner",
        }  # fmt: skip
        await client.call("POST", "/api/users/register", json=person)
        _, enrolment = await client.call("POST", "/api/enrollments", who=who, json={"course_id": course})
        _, talk = await client.call("POST", "/api/tutor/conversations", who=who, json={"course_id": course})
        learners.append(who)
        enrolments.append(enrolment["id"])
        conversations.append(talk["id"])
    _, content = await client.call("GET", f"/api/courses/{course}/content", who=learners[0])
    quiz = next(unit for module in content["modules"] for unit in module["units"] if unit["kind"] == "quiz")
    task = content["modules"][-1]["units"][0]["id"]
    submissions = []
    for who, enrolment in zip(learners, enrolments, strict=True):
        path = f"/api/enrollments/{enrolment}/units/{task}/submissions"
        _, handed_in = await client.call("POST", path, who=who, json={"body": _ANSWER})
        submissions.append(handed_in["id"])
    return World(course, quiz, learners, enrolments, conversations, submissions, _questions())


def _questions() -> list[str]:
    """As learners put them."""
    asked = yaml.safe_load(_QUESTIONS_FILE.read_text(encoding="utf-8"))
    return [one["question"] for one in asked["data-literacy"]] + [
        one if isinstance(one, str) else one["question"] for one in asked["elsewhere"]
    ]


async def _indexed(client: Client, world: World) -> None:
    """Wait until all passages are found, by meaning too: who embeds them needs a core."""
    path = f"/api/courses/passages?course_id={world.course}&limit=50&q="
    for _ in range(600):
        whole = [await client.call("GET", path + word, who=world.learners[0]) for word in ("the", "data", "value")]
        items = [item for _, found in whole for item in found["items"]]
        if items and all(item["similarity"] is not None for item in items):
            return
        await asyncio.sleep(0.5)
    raise RuntimeError("the course was not indexed in time")


async def _timed(client: Client, method: str, path: str, who: Identity, json: Any = None) -> tuple[float, Any]:
    began = time.perf_counter()
    _, body = await client.call(method, path, who=who, json=json)
    return (time.perf_counter() - began) * 1000, body


async def _fresh(client: Client, world: World, number: int) -> float:
    """From a result to when it is in the learner's mastery, in milliseconds."""
    who, at = world.learners[number], f"/api/learning/courses/{world.course}/mastery"
    _, before = await client.call("GET", at, who=who)
    path = f"/api/enrollments/{world.enrolments[number]}/units/{world.quiz['id']}/attempts"
    await client.call("POST", path, who=who, json={"answers": {}})
    began = time.perf_counter()
    while time.perf_counter() - began < 30:
        _, after = await client.call("GET", at, who=who)
        if after["made_by"]["answers"] > before["made_by"]["answers"]:
            return (time.perf_counter() - began) * 1000
        await asyncio.sleep(0.02)
    raise RuntimeError("a result was not traced in time")


async def _round(client: Client, world: World, place: Target, number: int, found: dict[str, list[float]]) -> None:
    at, one = f"/api/learning/courses/{world.course}", number % _LEARNERS
    who, teacher = world.learners[one], place.instructor
    question = {"text": world.questions[number % len(world.questions)]}
    suggestion = f"/api/enrollments/submissions/{world.submissions[one]}/suggestion"
    task = {"kind": "study_plan", "input": {"courses": [world.course]}}
    found.setdefault("a result until it is in mastery", []).append(await _fresh(client, world, one))
    for name, method, path, asker, body in (
        ("own mastery", "GET", f"{at}/mastery", who, None),
        ("own path", "GET", f"{at}/path", who, None),
        ("a course's learners", "GET", f"{at}/learners", teacher, None),
        ("a course's skills", "GET", f"{at}/skills", teacher, None),
        ("asking the tutor", "POST", f"/api/tutor/conversations/{world.conversations[one]}/turns", who, question),
        ("own predictions", "GET", "/api/learning/predictions", who, None),
        ("suggesting a grade", "POST", suggestion, teacher, None),
        ("proposing a quiz", "POST", f"/api/courses/{world.course}/proposals", teacher, {"kind": "quiz"}),
        ("asking for a task", "POST", "/api/agents/tasks", who, task),
    ):
        found.setdefault(name, []).append((await _timed(client, method, path, asker, body))[0])


async def main(rounds: int) -> int:
    """Measure, and print. Returns the exit status."""
    found: dict[str, list[float]] = {}
    async with target(None, "bench-live") as place, Client(place.base_url, 8) as client:
        world = await _world(client, place)
        await _indexed(client, world)
        for number in range(_LEARNERS):  # each replica has met each, and the model is loaded
            await _round(client, world, place, number, {})
        for number in range(_LEARNERS, _LEARNERS + rounds):
            await _round(client, world, place, number, found)
    table = Table("milliseconds", "p50", "p95")
    slow = False
    for name, values in found.items():
        cuts = quantiles(values, n=100)
        table.add_row(name, f"{cuts[49]:.0f}", f"{cuts[94]:.0f}")
        slow |= "until" not in name and cuts[94] > _MOST_MS
    console.print(table)
    return 1 if slow else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="How fast the live side of learning answers")
    parser.add_argument("--rounds", type=int, default=40)
    sys.exit(asyncio.run(main(parser.parse_args().rounds)))
