"""How often the answer is among the first five passages: by words, by meaning, by both.

    python -m benchmarks.retrieval [--course FILE ... [--questions FILE]]

Publishes courses into a PostgreSQL of its own, indexes them as the platform does, and asks. By default the demo courses
and the questions of benchmarks/data/retrieval_questions.yaml; a course of one's own (YAML or JSON with `modules`, as it
is imported or read as a version) brings a file of questions in the same form, by the course's title or slug, or is
asked its quizzes' questions, which a unit of the same module is to answer.

The ranking's weights were chosen on the questions that are asked by default, so what is printed of "hybrid" for these
is not of unseen ones; nothing was chosen for the other two. So last it chooses weights on every other question, judges
them by the rest, and the other way round. Takes a minute, most of it embedding.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from statistics import mean, median
from typing import Any
from uuid import UUID

import numpy as np
import yaml
from rich.console import Console
from rich.table import Table

from actors.retrieval_index import search
from actors.retrieval_index.embedding import embed_sentences, embed_some
from actors.retrieval_index.indexing import bring_in_step
from cluster.embedded import EmbeddedServers, Home
from learning.embedding.embedder import Embedder
from learning.retrieval.ranking import WEIGHTS, Candidate, Weights, ranked
from migrations.run import migrate
from stores.ids import new_id
from stores.postgres import Connection, Database
from stores.retrieval import Neighbour, PassageRepository, Reader, WordMatch

_ROOT = Path(__file__).parent.parent
_DEMO = sorted((_ROOT / "configs" / "demo" / "courses").glob("*.yaml"))
_QUESTIONS = Path(__file__).parent / "data" / "retrieval_questions.yaml"
_FIRST = 5
_DEPTH = 50
_CHOICES = [
    Weights(words_least=least, words_more=more, least_similarity=similarity)
    for least, more, similarity in product((0.05, 0.1, 0.15, 0.2, 0.3), (0.2, 0.3, 0.4, 0.5), (0.05, 0.15, 0.25))
]
console = Console(width=120)


@dataclass(frozen=True)
class Asked:
    """A question, and the units of which each answers it."""

    text: str
    answers: frozenset[UUID]
    by_name: bool = False


@dataclass(frozen=True)
class Course:
    """A course as a version keeps it, with ids."""

    id: UUID
    names: frozenset[str]
    title: str
    language: str
    content: dict[str, Any]

    def units(self, title: str) -> frozenset[UUID]:
        """The units of a title. Raises `SystemExit` where there is none."""
        units = [unit for module in self.content["modules"] for unit in module["units"]]
        if found := frozenset(UUID(unit["id"]) for unit in units if unit["title"] == title):
            return found
        raise SystemExit(f"{self.title} has no unit {title!r}")


@dataclass(frozen=True)
class Rankings:
    """What was found for a question, as units, best first; with what each half said."""

    asked: Asked
    by_words: list[WordMatch]
    by_meaning: list[Neighbour]
    candidates: list[Candidate[int]]


def read_course(file: Path) -> Course:
    """A course file."""
    course = yaml.safe_load(file.read_text(encoding="utf-8"))
    modules = [
        {"id": str(new_id()), "title": module["title"], "units": [_unit(unit) for unit in module["units"]]}
        for module in course["modules"]
    ]
    names = frozenset({course.get("slug", file.stem), course["title"]})
    return Course(new_id(), names, course["title"], course.get("language", "en"), {"modules": modules})


def _unit(unit: dict[str, Any]) -> dict[str, Any]:
    return {"body": "", "video_url": None, "quiz": None, "assignment": None, **unit, "id": str(new_id())}


def read_questions(file: Path, courses: Sequence[Course]) -> tuple[list[Asked], list[str]]:
    """The questions about the courses, and those that nothing in them answers."""
    document: dict[str, list[Any]] = yaml.safe_load(file.read_text(encoding="utf-8"))
    elsewhere: list[str] = document.pop("elsewhere", [])
    by_name = {name: course for course in courses for name in course.names}
    return [
        Asked(entry["question"], by_name[name].units(entry["unit"]), entry.get("by_name", False))
        for name, asked in document.items()
        for entry in asked
    ], elsewhere


def quiz_questions(courses: Sequence[Course]) -> list[Asked]:
    """The prompts of all quizzes, each to be answered by a unit of its module that is no quiz."""
    return [
        Asked(question["prompt"], frozenset(UUID(unit["id"]) for unit in module["units"] if unit["quiz"] is None))
        for course in courses
        for module in course.content["modules"]
        for quiz in module["units"]
        if quiz["quiz"] is not None
        for question in quiz["quiz"]["questions"]
    ]


@asynccontextmanager
async def published(courses: Sequence[Course], embedder: Embedder) -> AsyncIterator[Connection]:
    """A transaction of `azora_app` in a database with the courses, indexed."""
    with tempfile.TemporaryDirectory(prefix="azora-bench-") as folder:
        Path(folder).chmod(0o711)
        async with EmbeddedServers(Home(Path(folder) / "home"), system_directory=Path(folder)) as servers:
            await migrate(servers.postgres_url)
            system, app = (Database(servers.postgres_url, role=role) for role in ("azora_system", "azora_app"))
            try:
                org_id = await _publish(system, courses)
                for course in courses:
                    await bring_in_step(system, course.id)
                while await embed_some(system, embedder):
                    pass
                while await embed_sentences(system, embedder):
                    pass
                async with app.transaction(org_id, readonly=True) as connection:
                    yield connection
            finally:
                await system.close()
                await app.close()


async def _publish(database: Database, courses: Sequence[Course]) -> UUID:
    org_id, teacher = new_id(), new_id()
    async with database.transaction(None) as connection:
        await connection.execute("insert into organisations (id, slug, name) values ($1, 'b', 'B')", org_id)
        await connection.execute(
            "insert into users (id, org_id, email, first_name, last_name, role)"
            " values ($1, $2, 't@example.org', 'T', 'T', 'instructor')", teacher, org_id,
        )  # fmt: skip
        for course in courses:
            await _insert(connection, org_id, teacher, course)
    return org_id


async def _insert(connection: Connection, org_id: UUID, teacher: UUID, course: Course) -> None:
    version_id = new_id()
    unit_ids = [UUID(unit["id"]) for module in course.content["modules"] for unit in module["units"]]
    await connection.execute(
        "insert into courses (id, org_id, title, instructor_id, language) values ($1, $2, $3, $4, $5)",
        course.id, org_id, course.title, teacher, course.language,
    )  # fmt: skip
    await connection.execute(
        "insert into course_versions (id, org_id, course_id, number, title, content, unit_ids, published_by)"
        " values ($1, $2, $3, 1, $4, $5, $6, $7)",
        version_id, org_id, course.id, course.title, course.content, unit_ids, teacher,
    )  # fmt: skip
    await connection.execute("update courses set published_version_id = $1 where id = $2", version_id, course.id)


async def rank(connection: Connection, embedder: Embedder, asked: Sequence[Asked]) -> list[Rankings]:
    """Both rankings for every question, and what the platform makes of them."""
    passages = PassageRepository(connection)
    versions = await passages.readable(Reader(user_id=None, any_course=True), None)
    vectors = await embedder.embed([question.text for question in asked])
    return [
        Rankings(
            question,
            await passages.by_words(question.text, versions, search.MATERIAL, _DEPTH),
            await passages.by_meaning(vector, versions, search.MATERIAL, _DEPTH),
            (
                await search.nearest(connection, versions, search.Question(text=question.text, limit=_DEPTH), vector)
            ).candidates,
        )
        for question, vector in zip(asked, vectors, strict=True)
    ]


Units = dict[int, UUID]
Order = Callable[[Rankings], list[int]]


def by_words(found: Rankings) -> list[int]:
    """Full text alone."""
    return [match.passage_id for match in found.by_words]


def by_meaning(found: Rankings) -> list[int]:
    """Vectors alone."""
    return [match.passage_id for match in found.by_meaning]


def by_both(found: Rankings) -> list[int]:
    """As the platform ranks."""
    return by_weights(WEIGHTS)(found)


def by_weights(weights: Weights) -> Order:
    """By both with these weights."""
    return lambda found: [one.candidate.item for one in ranked(found.candidates, _DEPTH, weights)]


def recall(found: Collection[Rankings], order: Order, units: Units, first: int = _FIRST) -> float:
    """The share of questions with a unit that answers among the first passages."""
    return mean(any(units[p] in f.asked.answers for p in order(f)[:first]) for f in found)


def reciprocal_rank(found: Collection[Rankings], order: Order, units: Units) -> float:
    """The mean of one over the place of the first passage that answers."""

    def one(f: Rankings) -> float:
        places = (place for place, p in enumerate(order(f), start=1) if units[p] in f.asked.answers)
        return 1 / place if (place := next(places, 0)) else 0.0

    return mean(one(f) for f in found)


def show(title: str, found: Collection[Rankings], units: Units) -> None:
    """A table of the three."""
    table = Table(title=f"{title} ({len(found)} questions)", title_justify="left")
    for column in ("", f"recall@{_FIRST}", "recall@1", "mean reciprocal rank"):
        table.add_column(column, justify="left" if not column else "right")
    for name, order in (("full text", by_words), ("vectors", by_meaning), ("hybrid", by_both)):
        figures = (recall(found, order, units), recall(found, order, units, 1), reciprocal_rank(found, order, units))
        table.add_row(name, *(f"{figure:.3f}" for figure in figures))
    console.print(table)


def halves(found: Sequence[Rankings], units: Units) -> None:
    """First and among the first three, by weights that were chosen on the other half of the questions."""
    parts, chosen = (found[::2], found[1::2]), []
    for own, other in (parts, parts[::-1]):
        best = max(_CHOICES, key=lambda weights: sum(_first_and_three(own, by_weights(weights), units)))
        chosen.append([share * len(other) for share in _first_and_three(other, by_weights(best), units)])
    unseen = [sum(shares) / len(found) for shares in zip(*chosen, strict=True)]
    for name, shares in (
        ("chosen on the other half", unseen),
        ("as they are", _first_and_three(found, by_both, units)),
    ):
        console.print(f"weights {name}: first {shares[0]:.3f}, among the first three {shares[1]:.3f}")


def _first_and_three(found: Sequence[Rankings], order: Order, units: Units) -> tuple[float, float]:
    return recall(found, order, units, 1), recall(found, order, units, 3)


async def separation(embedder: Embedder, connection: Connection, inside: list[Rankings], elsewhere: list[str]) -> None:
    """How like the question the best passage is, where there is an answer and where there is none."""
    outside = await rank(connection, embedder, [Asked(text, frozenset()) for text in elsewhere])
    for name, found in (("answered by a course", inside), ("answered by none", outside)):
        best = [f.by_meaning[0].similarity if f.by_meaning else 0.0 for f in found]
        low, high = np.percentile(best, [5, 95])
        console.print(
            f"cosine of the best passage, {name}: median {median(best):.2f}, 5 to 95 %: {low:.2f} to {high:.2f}"
        )


async def main(files: Sequence[Path], questions: Path | None) -> None:
    """Run it."""
    courses = [read_course(file) for file in files]
    asked, elsewhere = read_questions(questions, courses) if questions else (quiz_questions(courses), [])
    embedder = Embedder.of(on=True, threads=2)
    async with published(courses, embedder) as connection:
        rows = await connection.fetch("select id, unit_id from content_passages")
        units = {row["id"]: row["unit_id"] for row in rows}
        found = await rank(connection, embedder, asked)
        console.print(f"{len(courses)} courses, {len(units)} passages, {len(asked)} questions")
        show("All", found, units)
        if any(question.by_name for question in asked):
            show("All, in other words than the text's", [f for f in found if not f.asked.by_name], units)
            show("All, with a name or a term", [f for f in found if f.asked.by_name], units)
        if elsewhere:
            await separation(embedder, connection, found, elsewhere)
        if len(found) > 1:
            halves(found, units)
    embedder.close()


def arguments(module: str, description: str) -> tuple[Sequence[Path], Path | None]:
    """The course files and the file of questions that the command line names; by default the demo school's."""
    parser = argparse.ArgumentParser(prog=f"python -m {module}", description=description)
    parser.add_argument("--course", type=Path, action="append", help="a course file; several may be given")
    parser.add_argument("--questions", type=Path, help="a file of questions about them")
    given = parser.parse_args()
    return (given.course, given.questions) if given.course else (_DEMO, given.questions or _QUESTIONS)


if __name__ == "__main__":
    asyncio.run(main(*arguments("benchmarks.retrieval", __doc__ or "")))
