"""A term of real school work over HTTP, compared with the tables it came from.

    python -m benchmarks.term --data FOLDER --module AAA --presentation 2013J
    python -m benchmarks.term --data FOLDER --all
    python -m benchmarks.term --data FOLDER --all --kill 10 --kafka

Creates an organisation, the presentation as a course with its assessments, and its learners; replays enrolments,
results and withdrawals in the order of their days, each as the learner it belongs to; then asks the API, and nothing
else, for enrolments, withdrawals, completions and mean scores, and analytics for the same and for distinct learners
(within 2 %). Anything that differs from the tables is printed, and the command exits with 1. On a platform that runs
already it can be interrupted and started again: it goes on after the last finished day.

Computer-marked assessments are quizzes, answered so that the server must arrive at the score of the table; tutor-marked
ones and exams are assignments, handed in by the learner and graded by the instructor.

`--kill` ends aggregators and relays with kill -9, so many times at random moments; `--kafka` has the events go through
a broker: that of AZORA_KAFKA_BOOTSTRAP_SERVERS, else one of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import bcrypt
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from benchmarks import oulad
from benchmarks.client import Client, Identity
from benchmarks.oulad import Action, Presentation
from benchmarks.target import Target, target
from benchmarks.term_figures import Saboteur, caught_up, figures_differ, kafka

PASSWORD = "a term of real work"
_CHUNK = 5000
# Points of a quiz whose right answers can add up to any whole score: every number to 63 in binary, and 37 more.
QUIZ_POINTS = (1, 2, 4, 8, 16, 32, 37)


def right_answers(score: int) -> list[bool]:
    """Which questions of the quiz to answer rightly so that the points add up to the score (0 to 100)."""
    rest = score - 37 if score > 63 else score
    return [bool(rest & points) for points in QUIZ_POINTS[:-1]] + [score > 63]


def _unit(assessment: oulad.Assessment) -> dict[str, Any]:
    if assessment.type == "CMA":
        questions = [
            {"kind": "true_false", "prompt": f"Part {n}", "points": points, "correct": True, "explanation": ""}
            for n, points in enumerate(QUIZ_POINTS, 1)
        ]
        quiz = {"pass_mark_percent": 0, "attempts_allowed": 1, "questions": questions}
        return {"kind": "quiz", "title": assessment.title, "quiz": quiz}
    assignment = {"instructions": assessment.title, "maximum_points": 100, "pass_mark_percent": None}
    return {"kind": "assignment", "title": assessment.title, "assignment": assignment}


@dataclass
class Journal:
    """What is done already, on disk, so that an interrupted run goes on."""

    path: Path | None  # None for a platform that ends with the run
    state: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.path is not None and self.path.is_file():
            self.state = json.loads(self.path.read_text())

    def save(self) -> None:
        if self.path is None:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        scratch = self.path.with_suffix(".new")
        scratch.write_text(json.dumps(self.state))
        scratch.replace(self.path)


class Term:
    """One presentation, replayed."""

    def __init__(self, client: Client, place: Target, presentation: Presentation, journal: Journal, bulk: bool) -> None:
        self._client = client
        self._place = place
        self.presentation = presentation
        self._journal = journal
        self._done = journal.state.setdefault(presentation.name, {"batches": 0, "enrolments": {}})
        self._bulk = bulk
        self._learners = {learner: self._identity(learner) for learner in presentation.learners}

    @property
    def course_id(self) -> str:
        """The presentation's course, once it is created."""
        found: str = self._done["course"]
        return found

    def _identity(self, learner: str) -> Identity:
        return Identity(self._place.organisation, f"learner-{learner}@oulad.example", PASSWORD)

    def _key(self, *parts: str) -> str:
        text = "/".join((self._place.organisation, self.presentation.name, *parts))
        return hashlib.sha256(text.encode()).hexdigest()[:40]

    async def run(self, progress: Progress) -> None:
        """Replay what is not done yet."""
        await self._create_course()
        batches = list(self.presentation.days())
        task = progress.add_task(self.presentation.name, total=len(self.presentation.actions))
        if self._bulk:
            await self._import_everyone()
        for number, batch in enumerate(batches):
            if number >= self._done["batches"] and not (self._bulk and batch[0].kind == "enrol"):
                await asyncio.gather(*(self._act(action) for action in batch))
                self._done["batches"] = number + 1
                if number % 10 == 9 or number == len(batches) - 1:
                    self._journal.save()
            progress.advance(task, len(batch))
        self._journal.save()

    async def _create_course(self) -> None:
        if "course" in self._done:
            return
        course = {
            "title": f"{self.presentation.name}",
            "description": "A presentation of the Open University Learning Analytics dataset.",
            "category": "open-university",
            "modules": [{"title": "Assessments", "units": [_unit(a) for a in self.presentation.assessments]}],
        }
        who = self._place.instructor
        _, created = await self._client.call("POST", "/api/courses", who=who, json=course, key=self._key("course"))
        course_id = created["id"]
        await self._client.call("POST", f"/api/courses/{course_id}/publish", who=who, key=self._key("publish"))
        _, draft = await self._client.call("GET", f"/api/courses/{course_id}/draft", who=who)
        units = {unit["title"]: unit for module in draft["modules"] for unit in module["units"]}
        self._done["units"] = {
            a.id: {
                "id": units[a.title]["id"],
                "questions": [q["id"] for q in (units[a.title].get("quiz") or {}).get("questions", [])],
            }
            for a in self.presentation.assessments
        }
        self._done["course"] = course_id
        self._journal.save()

    async def _import_everyone(self) -> None:
        """Bring all learners in by bulk import: people with a hash from elsewhere, then enrolments."""
        if self._done["enrolments"]:
            return
        who = self._place.admin
        hashed = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
        emails = [identity.email for identity in self._learners.values()]
        for start in range(0, len(emails), _CHUNK):
            chunk = emails[start : start + _CHUNK]
            people = "email,first_name,last_name,role,password_hash\n" + "".join(
                f"{email},Learner,{email.split('@')[0]},student,{hashed}\n" for email in chunk
            )
            await self._client.call("POST", "/api/users/imports", who=who, text=people)
            enrolments = "course_id,email\n" + "".join(f"{self._done['course']},{email}\n" for email in chunk)
            await self._client.call("POST", "/api/enrollments/imports", who=who, text=enrolments, accept=(201, 422))
        people_by_email = {identity.email: learner for learner, identity in self._learners.items()}
        async for row in self._rows():
            self._done["enrolments"][people_by_email[row["learner"]["email"]]] = row["id"]
        self._journal.save()

    async def _rows(self) -> Any:
        path = f"/api/enrollments/courses/{self._done['course']}"
        cursor = ""
        while True:
            _, page = await self._client.call(
                "GET", f"{path}?limit=200{f'&cursor={cursor}' if cursor else ''}", who=self._place.admin
            )
            for row in page["items"]:
                yield row
            if not (cursor := page.get("next_cursor") or ""):
                return

    async def _act(self, action: Action) -> None:
        match action.kind:
            case "enrol":
                await self._enrol(action)
            case "result":
                await self._result(action)
            case "withdraw":
                enrolment = self._done["enrolments"][action.learner]
                await self._client.call(
                    "POST", f"/api/enrollments/{enrolment}/drop", who=self._learners[action.learner],
                    key=self._key(action.name),
                )  # fmt: skip

    async def _enrol(self, action: Action) -> None:
        who = self._learners[action.learner]
        person = {
            "organisation": who.organisation, "email": who.email, "password": who.password,
            "first_name": "Learner", "last_name": action.learner,
        }  # fmt: skip
        await self._client.call("POST", "/api/users/register", json=person, accept=(201, 409))
        _, enrolment = await self._client.call(
            "POST", "/api/enrollments", who=who, json={"course_id": self._done["course"]}, key=self._key(action.name)
        )
        self._done["enrolments"][action.learner] = enrolment["id"]

    async def _result(self, action: Action) -> None:
        unit = self._done["units"][action.assessment]
        path = f"/api/enrollments/{self._done['enrolments'][action.learner]}/units/{unit['id']}"
        who = self._learners[action.learner]
        key = self._key(action.name)
        if unit["questions"]:
            assert action.score is not None
            right = right_answers(action.score)
            answers = dict(zip(unit["questions"], right, strict=True))
            await self._client.call("POST", f"{path}/attempts", who=who, json={"answers": answers}, key=key)
            return
        _, submission = await self._client.call(
            "POST", f"{path}/submissions", who=who, json={"body": f"Work of learner {action.learner}"}, key=key
        )
        if action.score is not None:
            await self._client.call(
                "PUT", f"/api/enrollments/submissions/{submission['id']}/grade", who=self._place.instructor,
                json={"points": action.score, "feedback": ""},
            )  # fmt: skip

    async def differences(self) -> list[str]:
        """What the API says differently from the tables."""
        expected = self.presentation.expected()
        _, summary = await self._client.call(
            "GET", f"/api/enrollments/courses/{self._done['course']}/summary", who=self._place.instructor
        )
        statuses: dict[str, int] = {}
        async for row in self._rows():
            statuses[row["status"]] = statuses.get(row["status"], 0) + 1
        found: list[tuple[str, Any, Any]] = [
            ("enrolments", expected.enrolments, sum(summary["by_status"].values())),
            ("withdrawals", expected.withdrawals, summary["by_status"].get("dropped", 0)),
            ("completions", expected.completions, summary["by_status"].get("completed", 0)),
            ("enrolments, listed", expected.enrolments, sum(statuses.values())),
            ("withdrawals, listed", expected.withdrawals, statuses.get("dropped", 0)),
            ("completions, listed", expected.completions, statuses.get("completed", 0)),
        ]
        units = {unit["title"]: unit for unit in summary["units"]}
        for assessment in self.presentation.assessments:
            title = assessment.title
            unit = units[title]
            mean = expected.mean_scores.get(title)
            found.append((f"{title}: marked", expected.results.get(title, 0), unit["learners_scored"]))
            got = None if unit["mean_score"] is None else round(float(unit["mean_score"]), 4)
            found.append((f"{title}: mean", None if mean is None else round(mean, 4), got))
        differ = [f"{self.presentation.name}: {what}: tables {a}, platform {b}" for what, a, b in found if a != b]
        return differ + await figures_differ(self._client, self._place, self.presentation, self._done)


async def replay(arguments: argparse.Namespace) -> int:
    """Run the presentations asked for. Returns the exit status."""
    wanted: Sequence[tuple[str, str]] = (
        oulad.presentations(arguments.data) if arguments.all else [(arguments.module, arguments.presentation)]
    )
    organisation = "oulad-all" if arguments.all else f"oulad-{'-'.join(wanted[0])}".lower()
    with kafka(arguments.kafka) as extra:
        async with (
            target(arguments.url, organisation, **extra) as place,
            Client(place.base_url, arguments.concurrency) as client,
        ):
            saboteur = Saboteur(place.pid, arguments.kill)
            sabotage = asyncio.create_task(saboteur.work())
            differences = await _replay(arguments, wanted, place, client)
            sabotage.cancel()
    if arguments.kill:
        print(f"killed meanwhile: {', '.join(saboteur.killed) or 'nothing'}")
    for line in differences:
        print(f"DIFFERS {line}")
    if not differences:
        print("equal: enrolments, withdrawals, completions and mean scores agree with the tables, in analytics too")
    return 1 if differences or len(saboteur.killed) < arguments.kill else 0


async def _replay(
    arguments: argparse.Namespace, wanted: Sequence[tuple[str, str]], place: Target, client: Client
) -> list[str]:
    started = time.perf_counter()
    results = Path(__file__).parent / "results"
    journal = Journal(results / f"term-{place.organisation}.json" if place.lasting else None)
    terms = []
    with Progress(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()) as bar:
        for module, code in wanted:
            terms.append(Term(client, place, oulad.read(arguments.data, module, code), journal, arguments.all))
            await terms[-1].run(bar)
    seconds = time.perf_counter() - started
    actions = sum(len(term.presentation.actions) for term in terms)
    print(
        f"{len(wanted)} presentation(s), {actions} actions, {client.requests} requests in {seconds:.0f} s"
        f" ({client.requests / seconds:.0f} requests/s), {client.retries} repeated"
    )
    await caught_up(place)
    return [difference for term in terms for difference in await term.differences()]


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True, help="the folder with the OULAD tables")
    parser.add_argument("--module", default="AAA")
    parser.add_argument("--presentation", default="2013J")
    parser.add_argument("--all", action="store_true", help="all presentations, learners by bulk import")
    parser.add_argument("--url", help="a platform that runs; default: the one of AZORA_HOME, else one of its own")
    parser.add_argument("--concurrency", type=int, default=32)
    parser.add_argument("--kill", type=int, default=0, help="so many kill -9 of aggregators and relays meanwhile")
    parser.add_argument("--kafka", action="store_true", help="events go through a Kafka broker")
    arguments = parser.parse_args()
    if not (arguments.data / "course.csv.gz").is_file():
        print(f"no OULAD tables in {arguments.data}", file=sys.stderr)
        return 2
    return asyncio.run(replay(arguments))


if __name__ == "__main__":
    sys.exit(main())
