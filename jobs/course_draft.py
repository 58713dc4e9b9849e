"""Draft a course out of texts: modules, units and quizzes of their own words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import orjson
import typer

from jobs.data.asking import Model
from jobs.framework import DataFolder, OutFile, Row, Run, job
from jobs.framework.errors import MissingData, UnusableData
from jobs.framework.outputs import write_json
from jobs.framework.rows import Work
from jobs.framework.tables import require_folder, table_path
from jobs.reading.chapters import outermost
from jobs.reading.textbooks import in_short, read_passages, unread
from jobs.reading.texts import TEXT_SUFFIXES, read_text, text_files

if TYPE_CHECKING:
    from learning.content.material import Source
    from learning.content.outlines import Arranged
    from learning.content.questions import Item

METHOD = "extractive-3"
MOST_CHARACTERS = 2_000_000  # of one file
Difficulty = Literal["beginner", "intermediate", "advanced"]


@job(version=7)
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

    Every text of the folder, in the order of the files' paths, is cut along its headings, or a table `passages` along
    its outermost sections, of which each is a module; questions are their sentences with a gap. The summary says what
    the checks of level, grounding, answerability and duplication found. With a model questions come in words of its own
    where the text bears them out; AZORA_API_KEY is what it is asked with.
    """
    from learning.content.documents import repeated

    texts = _texts(data)
    if table_path(data, "passages") is not None and (others := unread(data)):
        run.warn(f"The course is made of the table `passages`; not read: {in_short(others)}.")
    asked = Model.of(url, model) if model else None
    drafted = sorted(
        run.each(texts, partial(drafter, difficulty, questions, asked), stage="texts", batch_size=1),
        key=lambda row: (row["text"], row["place"]),
    )
    made_by = METHOD if model is None else f"{model}, and {METHOD} where its words do not hold"
    modules = [row["module"] for row in drafted]
    about = f"Drafted from {len(texts)} texts by {made_by}; not yet read by a person."
    course = {"title": title[:255], "description": about, "difficulty": difficulty, "modules": modules}
    require_fit(course)
    checks = [check for row in drafted for check in row["checks"]] + [asdict(one) for one in repeated(modules)]
    failed = [check for check in checks if not check["passed"]]
    write_json(out, course)
    run.note(
        texts=len(texts),
        modules=len(modules),
        units=sum(len(module["units"]) for module in modules),
        questions=sum(len(unit["quiz"]["questions"]) for one in modules for unit in one["units"] if "quiz" in unit),
        checks=len(checks),
        checks_failed=len(failed),
        failed=failed[:50],
        questions_by_model=sum(row["worded"] for row in drafted),
        made_by=made_by,
    )


def require_fit(course: Row) -> None:
    """Raises `UnusableData` where `POST /api/courses` would not take it."""
    from pydantic import ValidationError

    from deployments.courses.outlines import MAXIMUM_DRAFT_BYTES, MAXIMUM_MODULES, MAXIMUM_UNITS
    from deployments.courses.schemas import CourseCreate

    size = len(orjson.dumps(course))
    units = sum(len(module["units"]) for module in course["modules"])
    if len(course["modules"]) > MAXIMUM_MODULES or units > MAXIMUM_UNITS or size > MAXIMUM_DRAFT_BYTES:
        raise UnusableData(
            f"The texts make {len(course['modules']):,} modules, {units:,} units and {size:,} bytes. A course has at "
            f"most {MAXIMUM_MODULES:,}, {MAXIMUM_UNITS:,} and {MAXIMUM_DRAFT_BYTES:,}: make several of them."
        )
    try:
        CourseCreate.model_validate(course)
    except ValidationError as error:
        first = error.errors()[0]
        raise UnusableData(f"{'.'.join(map(str, first['loc']))}: {first['msg']}.") from error


def drafter(difficulty: str, questions: int, asked: Model | None = None) -> Work:
    """Load the sentence model where there is one, and give what drafts the modules of texts."""
    from learning.content.documents import checked, modules_of
    from learning.content.material import Source
    from learning.content.outlines import outline
    from learning.embedding import minilm

    model = None if minilm.WEIGHTS.missing() else minilm.MiniLM.load(threads=1)

    def work(rows: list[Row]) -> list[Row]:
        found: list[Row] = []
        for row in rows:
            source = Source(row["name"], row["title"], row["body"])
            embed = model.embed if model else None
            worded = partial(_worded, asked, difficulty) if asked else None
            parts = _arranged(asked, source) if asked else None
            made = outline([source], embed, questions=questions, arranged=parts, worded=worded)
            for place, (one, module) in enumerate(zip(made, modules_of(made), strict=True)):
                checks = [
                    asdict(replace(finding, where=_where(one.title, finding.where)))
                    for finding in checked([one], difficulty, [], [])
                    if finding.check != "duplication"  # of the whole draft, once it is there
                ]
                found.append(
                    {"text": row["number"], "place": place, "module": module, "checks": checks, "worded": one.worded}
                )
        return found

    return work


def _where(module: str, part: str) -> str:
    return part if part.startswith(module) else f"{module}: {part}"


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
    if table_path(require_folder(folder), "passages") is not None:
        found = [(one.title, one.title, one.body) for one in outermost(read_passages(folder))]
    else:
        files = [(path, str(path.relative_to(folder))) for path in text_files(folder)]
        found = [(name, _title(path), read_text(path)) for path, name in files]
    if not found:
        looked = f"files that end in {', '.join(TEXT_SUFFIXES)} and for a table `passages`"
        raise MissingData(f"{folder} has no texts: looked for {looked}.")
    return [_text(number, *one) for number, one in enumerate(found)]


def _title(path: Path) -> str:
    return path.stem.replace("_", " ").replace("-", " ").strip().capitalize()


def _text(number: int, name: str, title: str, body: str) -> Row:
    if len(body) > MOST_CHARACTERS:
        raise UnusableData(f"{name} has more than {MOST_CHARACTERS:,} characters.")
    return {"number": number, "name": name, "title": title, "body": body}


if __name__ == "__main__":
    course_draft()
