"""Draft a course out of texts: modules, units and quizzes of their own words."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from jobs.data.asking import Model
from jobs.framework import DataFolder, OutFile, Row, Run, job
from jobs.framework.errors import MissingData, UnusableData
from jobs.framework.outputs import write_json
from jobs.framework.rows import Work
from jobs.framework.tables import require_folder

if TYPE_CHECKING:
    from learning.content.material import Source
    from learning.content.outlines import Arranged
    from learning.content.questions import Item

SUFFIXES = (".md", ".markdown", ".txt")
MOST_CHARACTERS = 2_000_000  # of one file
Difficulty = Literal["beginner", "intermediate", "advanced"]


@job(version=4)
def course_draft(
    run: Run,
    data: DataFolder,
    out: OutFile,
    title: Annotated[str, typer.Option(min=1, help="of the course")] = "A new course",
    difficulty: Annotated[Difficulty, typer.Option(help="whom the texts have to suit")] = "beginner",
    questions: Annotated[int, typer.Option(min=0, max=20, help="in the quiz of each module")] = 5,
    model: Annotated[str | None, typer.Option(help="that words questions, by its name at /v1")] = None,
    url: Annotated[str, typer.Option(help="of the platform whose model is asked")] = "http://127.0.0.1:8000",
) -> None:
    """Write a course as `POST /api/courses` takes it, a draft for its author to read, change and publish.

    Every text of the folder, in the order of the files' names, is cut along its headings; questions are its sentences
    with a gap. The summary says what the checks of level, grounding, answerability and duplication found. With a model
    questions come in words of its own where the text bears them out; AZORA_API_KEY is what it is asked with.
    """
    texts = _texts(data)
    asked = Model.of(url, model) if model else None
    drafted = sorted(
        run.each(texts, partial(drafter, difficulty, questions, asked), stage="texts", batch_size=1),
        key=lambda row: (row["text"], row["place"]),
    )
    modules = [row["module"] for row in drafted]
    failed = [check for row in drafted for check in row["checks"] if not check["passed"]]
    write_json(out, {"title": title[:255], "difficulty": difficulty, "modules": modules})
    run.note(
        texts=len(texts),
        modules=len(modules),
        units=sum(len(module["units"]) for module in modules),
        questions=sum(len(unit["quiz"]["questions"]) for one in modules for unit in one["units"] if "quiz" in unit),
        checks=sum(len(row["checks"]) for row in drafted),
        checks_failed=len(failed),
        failed=failed[:50],
        questions_by_model=sum(row["worded"] for row in drafted),
        made_by="extractive-3" if model is None else f"{model}, and extractive-3 where its words do not hold",
    )


def drafter(difficulty: str, questions: int, asked: Model | None = None) -> Work:
    """Load the sentence model where there is one, and give what drafts the modules of texts."""
    from dataclasses import asdict

    from learning.content.documents import checked, modules_of
    from learning.content.material import Source
    from learning.content.outlines import outline
    from learning.embedding import minilm

    model = None if minilm.missing() else minilm.MiniLM.load(threads=1)

    def work(rows: list[Row]) -> list[Row]:
        found: list[Row] = []
        for row in rows:
            source = Source(row["name"], row["title"], row["body"])
            embed = model.embed if model else None
            worded = partial(_worded, asked, difficulty) if asked else None
            parts = _arranged(asked, source) if asked else None
            made = outline([source], embed, questions=questions, arranged=parts, worded=worded)
            for place, (one, module) in enumerate(zip(made, modules_of(made), strict=True)):
                checks = [asdict(finding) for finding in checked([one], difficulty, [], [])]
                found.append(
                    {"text": row["number"], "place": place, "module": module, "checks": checks, "worded": one.worded}
                )
        return found

    return work


def _worded(asked: Model, difficulty: str, sources: Sequence[Source], count: int) -> list[Item]:
    """Questions by a model that hold."""
    from learning.content import requests
    from learning.content.checks import asked_before
    from learning.content.worded import kept_questions

    shown = requests.shown(sources)
    told = asked.ask(requests.questions(shown, count, difficulty))
    answer = None if told is None else requests.read(told, requests.Questions)
    return [] if answer is None else kept_questions(answer, shown, asked_before([]), count)[0]


def _arranged(asked: Model, source: Source) -> Arranged | None:
    """Modules of a text without headings by a model, where it keeps to its paragraphs."""
    from learning.content import requests
    from learning.content.outlines import unheaded
    from learning.content.worded import arranged

    paragraphs = unheaded(source)
    if not requests.worth_dividing(paragraphs):
        return None
    told = asked.ask(requests.parts(paragraphs))
    answer = None if told is None else requests.read(told, requests.Parts)
    return None if answer is None else arranged(answer, paragraphs)


def _texts(folder: Path) -> list[Row]:
    files = sorted(path for path in require_folder(folder).iterdir() if path.suffix.lower() in SUFFIXES)
    if not files:
        raise MissingData(f"{folder} has no texts: looked for files that end in {', '.join(SUFFIXES)}.")
    return [_text(number, path) for number, path in enumerate(files)]


def _text(number: int, path: Path) -> Row:
    try:
        body = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UnusableData(f"{path} cannot be read: {error}") from error
    if len(body) > MOST_CHARACTERS:
        raise UnusableData(f"{path} has more than {MOST_CHARACTERS:,} characters.")
    title = path.stem.replace("_", " ").replace("-", " ").strip().capitalize()
    return {"number": number, "name": path.name, "title": title, "body": body.replace("\0", "")}


if __name__ == "__main__":
    course_draft()
