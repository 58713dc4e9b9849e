"""What each job is asked for, and small data for it."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

_ROOT = Path(__file__).parents[2]
_TEXTS = ("JOBS.md", "AGENTS.md")
_QUESTIONS = ("What does a job leave behind when it is killed?", "Who approves what agents do?", "Who won the cup?")


@dataclass(frozen=True)
class Asked:
    """A job with its options; `out` is the name of the file that it writes, if it writes one. One on the platform's own
    data (`platform`) does its work at each run. Of one that needs more than there is, `declines` is what it says."""

    name: str
    options: tuple[str, ...]
    out: str | None = None
    platform: bool = False
    declines: str | None = None

    def arguments(self, folder: Path) -> list[str]:
        """What stands behind the name of the job, where it writes into this folder."""
        return [*self.options, *([] if self.out is None else ["--out", str(folder / self.out)])]


def asked(data: Path, work: Path, models: Path, rows: int) -> Iterator[Asked]:
    """All there are but `on_learners`, those that make models before those that use them; `models` is where the former
    write."""
    texts = _texts(work / "texts")
    yield Asked("course-draft", ("--data", texts), "course.json")
    yield Asked("answer-questions", ("--data", texts), "answers.csv")
    if (answers := _lines(data / "short_answers", work / "answers", rows)) is not None:
        yield Asked("train-grading", ("--data", answers), "grading.npz")
        yield Asked("grade", ("--data", answers, "--model", str(models / "grading.npz")), "grades.csv")
    if (results := _table(data / "knowledge_tracing", work / "results", 50 * rows)) is not None:
        yield Asked("fit-knowledge", ("--data", results), "knowledge.npz")
        yield Asked("trace-knowledge", ("--data", results, "--model", str(models / "knowledge.npz")), "traced.csv")
    if (data / "oulad").is_dir():
        learners, model = ("--data", str(data / "oulad")), ("--model", str(models / "model.json"))
        yield Asked("train-prediction", learners, "model.json")
        yield Asked("predict", (*learners, *model, "--failed-gate-too"), "predictions.csv")
        yield Asked("evaluate-prediction", (*learners, *model), "report.json")
    for name in ("embed-catalogue", "fit-mastery", "score-learners", "suggest-grades", "bias-report"):
        yield Asked(name, (), platform=True)
    yield Asked("plan-paths", (), "paths.jsonl", platform=True)


def on_learners(organisation: str) -> Asked:
    """The job that trains on an organisation's own learners, where no enrolment has ended yet."""
    given = ("--organisation", organisation)
    return Asked("train-on-learners", given, "learners.json", platform=True, declines="In no quarter")


def _texts(folder: Path) -> str:
    """Two documents of the project, and questions about them."""
    folder.mkdir()
    for name in _TEXTS:
        (folder / name).write_text((_ROOT / "docs" / name).read_text())
    with (folder / "questions.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["question"], *([question] for question in 30 * _QUESTIONS)])
    return str(folder)


def _lines(source: Path, target: Path, rows: int) -> str | None:
    """As many answers, spread over the first file of the folder."""
    file = next(iter(sorted(source.glob("*.jsonl*"))), None)
    if file is None:
        return None
    with gzip.open(file, "rt") if file.suffix == ".gz" else file.open() as lines:
        found = list(lines)
    target.mkdir()
    (target / "answers.jsonl").write_text("".join(found[:: max(1, len(found) // rows)]))
    return str(target)


def _table(source: Path, target: Path, rows: int) -> str | None:
    """The first rows of the first table of the folder."""
    file = next(iter(sorted(source.glob("*.csv*"))), None)
    if file is None:
        return None
    target.mkdir()
    with gzip.open(file, "rt") if file.suffix == ".gz" else file.open() as lines:
        (target / "results.csv").write_text("".join(islice(lines, rows + 1)))
    return str(target)
