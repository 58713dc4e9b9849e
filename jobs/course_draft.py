"""Draft a course out of texts: modules, units and quizzes of their own words."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated, Literal

import typer

from jobs.framework import DataFolder, OutFile, Row, Run, job
from jobs.framework.errors import MissingData, UnusableData
from jobs.framework.outputs import write_json
from jobs.framework.rows import Work
from jobs.framework.tables import require_folder

SUFFIXES = (".md", ".markdown", ".txt")
MOST_CHARACTERS = 2_000_000  # of one file
Difficulty = Literal["beginner", "intermediate", "advanced"]


@job(version=1)
def course_draft(
    run: Run,
    data: DataFolder,
    out: OutFile,
    title: Annotated[str, typer.Option(min=1, help="of the course")] = "A new course",
    difficulty: Annotated[Difficulty, typer.Option(help="whom the texts have to suit")] = "beginner",
    questions: Annotated[int, typer.Option(min=0, max=20, help="in the quiz of each module")] = 5,
) -> None:
    """Write a course as `POST /api/courses` takes it, a draft for its author to read, change and publish.

    Every text of the folder, in the order of the files' names, is cut along its headings; questions are its sentences
    with a gap. The summary says what the checks of level, grounding, answerability and duplication found.
    """
    texts = _texts(data)
    drafted = sorted(
        run.each(texts, partial(drafter, difficulty, questions), stage="texts", batch_size=1),
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
        made_by="extractive-1",
    )


def drafter(difficulty: str, questions: int) -> Work:
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
            made = outline([source], model.embed if model else None, questions=questions)
            for place, (one, module) in enumerate(zip(made, modules_of(made), strict=True)):
                checks = [asdict(finding) for finding in checked([one], difficulty, [], [])]
                found.append({"text": row["number"], "place": place, "module": module, "checks": checks})
        return found

    return work


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
