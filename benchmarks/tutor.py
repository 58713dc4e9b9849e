"""How well the tutor finds, declines and keeps quizzes' keys to itself; and how long it takes.

    python -m benchmarks.tutor [--course FILE ... [--questions FILE]]

Publishes courses into a PostgreSQL of its own, indexes them as the platform does, and asks what `benchmarks.retrieval`
asks, one question after the other, by the functions that the service calls. Prints

- how often the first passage, or one of the first three, is of a unit that answers, beside full text alone;
- how many of the questions that the courses answer are declined, and of those that they do not;
- for every quiz question, typed off: whether it got a hint, and whether any hint gave its key away;
- the time from a question to its reply, in milliseconds, without HTTP.

Exits with 1 where a key was given away.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import mean, quantiles
from time import perf_counter
from typing import Any
from uuid import UUID

from rich.table import Table

from benchmarks.retrieval import (
    Asked,
    Course,
    arguments,
    by_words,
    console,
    published,
    quiz_questions,
    rank,
    read_course,
    read_questions,
)
from deployments.courses.quizzes import Quiz
from deployments.tutor.material import Material
from learning.embedding.embedder import Embedder
from learning.tutoring import quizzes, replies
from learning.tutoring.quizzes import QuizQuestion
from learning.tutoring.replies import Quotation
from stores.postgres import Connection

_HINTS = 4


@dataclass(frozen=True)
class Version:
    """A course as it is taught."""

    id: UUID
    content: dict[str, Any]


@dataclass(frozen=True)
class Replied:
    """What a question came to."""

    units: list[UUID]
    declined: bool
    milliseconds: float


async def _versions(connection: Connection) -> dict[UUID, Version]:
    rows = await connection.fetch("select course_id, id, content from course_versions")
    return {row["course_id"]: Version(row["id"], row["content"]) for row in rows}


async def _reply(connection: Connection, material: Material, version: Version, question: str) -> Replied:
    began = perf_counter()
    vector = (await material.vectors([question])).get(question)
    found = await material.passages(connection, version.id, question, vector)
    quotations = await material.quotations(question, vector, found)
    taken = (perf_counter() - began) * 1000
    return Replied([one.passage.unit_id for one in found], not quotations, taken)


async def _quotations(connection: Connection, material: Material, version: Version, question: str) -> list[Quotation]:
    vector = (await material.vectors([question])).get(question)
    return await material.quotations(
        question, vector, await material.passages(connection, version.id, question, vector)
    )


async def _keys(connection: Connection, material: Material, versions: Sequence[Version]) -> tuple[int, int, list[str]]:
    """Quiz questions asked word for word: how many, how many got hints, and the prompts whose key was given away."""
    asked, hinted, leaks = 0, 0, []
    for version in versions:
        questions = list(quizzes.questions(_stored(version.content)))
        for question in questions:
            asked += 1
            sought = quizzes.asked_for(question.prompt, None, questions, None)
            if sought is None:
                continue
            hinted += 1
            quoted = _discreet(await _quotations(connection, material, version, question.prompt), sought)
            for before in range(_HINTS):
                text = replies.hint(sought, before, quoted).text
                shown = "\n".join(line for line in text.splitlines() if not _is_place(line, quoted))
                if quizzes.gives_away(shown, sought):
                    leaks.append(question.prompt)
                    break
    return asked, hinted, leaks


def _stored(content: dict[str, Any]) -> dict[str, Any]:
    """The content with quizzes as a version keeps them: every question and option with an id."""
    modules = [
        module | {"units": [
            unit | {"quiz": unit["quiz"] and Quiz.model_validate(unit["quiz"]).model_dump(mode="json")}
            for unit in module["units"]
        ]}
        for module in content["modules"]
    ]  # fmt: skip
    return content | {"modules": modules}


def _discreet(quoted: Sequence[Quotation], sought: QuizQuestion) -> list[Quotation]:
    """Quotations whose headings are without the key."""

    def heading(one: Quotation) -> str:
        return quizzes.heading_without_keys(one.source.heading, [sought]) or quizzes.BLANK

    return [replace(one, source=replace(one.source, heading=heading(one))) for one in quoted]


def _is_place(line: str, quoted: Sequence[Quotation]) -> bool:
    """Whether a line only says where to read, in which there may be numbers."""
    return any(line == f"- {quotation.source.heading}" for quotation in quoted)


def _course_of(courses: Sequence[Course]) -> dict[UUID, UUID]:
    return {UUID(unit["id"]): course.id for course in courses for m in course.content["modules"] for unit in m["units"]}


def _show(title: str, asked: Sequence[Asked], replied: Sequence[Replied], words: Sequence[list[UUID]]) -> None:
    table = Table(title=f"{title} ({len(asked)} questions)", title_justify="left")
    for column in ("", "first passage", "first three", "declined"):
        table.add_column(column, justify="left" if not column else "right")
    ours = [reply.units for reply in replied]
    for name, units in (("full text", words), ("tutor", ours)):
        shares = (mean(not a.answers.isdisjoint(u[:n]) for a, u in zip(asked, units, strict=True)) for n in (1, 3))
        declined = f"{mean(reply.declined for reply in replied):.3f}" if units is ours else ""
        table.add_row(name, *(f"{share:.3f}" for share in shares), declined)
    console.print(table)


async def main(files: Sequence[Path], questions: Path | None) -> int:
    """Run it. Returns the exit status."""
    courses = [read_course(file) for file in files]
    asked, elsewhere = read_questions(questions, courses) if questions else ([], [])
    embedder = Embedder.of(on=True, threads=2)
    times: list[float] = []
    async with published(courses, embedder) as connection:
        material, versions, course_of = Material(embedder), await _versions(connection), _course_of(courses)
        units = {
            row["id"]: row["unit_id"] for row in await connection.fetch("select id, unit_id from content_passages")
        }
        for title, some in (("As learners ask", asked), ("As quizzes ask", quiz_questions(courses))):
            if not some:
                continue
            replied = [
                await _reply(connection, material, versions[course_of[next(iter(one.answers))]], one.text)
                for one in some
            ]
            words = [[units[p] for p in by_words(f)] for f in await rank(connection, embedder, some)]
            times += [reply.milliseconds for reply in replied]
            _show(title, some, replied, words)
        if elsewhere:
            first = next(iter(versions.values()))
            outside = [await _reply(connection, material, first, text) for text in elsewhere]
            share = mean(reply.declined for reply in outside)
            console.print(f"declined of {len(outside)} questions that no course answers: {share:.3f}")
        count, hinted, leaks = await _keys(connection, material, list(versions.values()))
    embedder.close()
    console.print(f"quiz questions typed off: {count}, hints given: {hinted}, keys given away: {len(leaks)}")
    for prompt in leaks:
        console.print(f"  gave away: {prompt}")
    p50, p95 = (quantiles(times, n=100)[at] for at in (49, 94))
    console.print(f"question to reply: p50 {p50:.0f} ms, p95 {p95:.0f} ms")
    return 1 if leaks else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(*arguments("benchmarks.tutor", __doc__ or ""))))
