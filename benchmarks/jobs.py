"""Every job, submitted with `ray job submit` to the platform that runs in AZORA_HOME, as docs/JOBS.md has it.

    python -m benchmarks.jobs --data FOLDER [--only NAME ...] [--rows 400]

FOLDER holds `oulad`, `short_answers` and `knowledge_tracing`, in the layouts of docs/JOBS.md; a job whose folder is not
there is passed over. Answers are cut to `--rows`, results to fifty times that: this asks whether jobs run, not how good
they are. The platform needs a dashboard (AZORA_RAY_DASHBOARD_PORT). Prints each job's outcome and what it wrote, and
fails where one failed, or where a second submission of the same did not find it done.
"""

from __future__ import annotations

import argparse
import gzip
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from rich.console import Console
from rich.table import Table

from configs.settings import load_settings

console = Console(width=120)
_ROOT = Path(__file__).parents[1]
_TIMEOUT_SECONDS = 900
_DONE = "is there already"


@dataclass(frozen=True)
class Submission:
    """A job with its options; `out` is what it writes, if it writes a file."""

    name: str
    options: tuple[str, ...]
    out: Path | None = None

    @property
    def command(self) -> list[str]:
        out = [] if self.out is None else ["--out", str(self.out)]
        return ["python", "-m", f"jobs.{self.name.replace('-', '_')}", *self.options, *out]


def submissions(data: Path, work: Path, rows: int) -> Iterator[Submission]:
    """All there are, those that make models before those that use them."""
    texts = work / "texts"
    texts.mkdir()
    for name in ("JOBS.md", "AGENTS.md"):
        (texts / name).write_text((_ROOT / "docs" / name).read_text())
    yield Submission("course-draft", ("--data", str(texts)), work / "course.json")
    if (answers := _lines(data / "short_answers", work / "answers", rows)) is not None:
        yield Submission("train-grading", ("--data", answers), work / "grading.npz")
        yield Submission("grade", ("--data", answers, "--model", str(work / "grading.npz")), work / "grades.csv")
    if (results := _table(data / "knowledge_tracing", work / "results", 50 * rows)) is not None:
        yield Submission("fit-knowledge", ("--data", results), work / "knowledge.npz")
        model = ("--model", str(work / "knowledge.npz"))
        yield Submission("trace-knowledge", ("--data", results, *model), work / "traced.csv")
    if (data / "oulad").is_dir():
        learners, model = ("--data", str(data / "oulad")), ("--model", str(work / "model.json"))
        yield Submission("train-prediction", learners, work / "model.json")
        yield Submission("predict", (*learners, *model, "--failed-gate-too"), work / "predictions.csv")
        yield Submission("evaluate-prediction", (*learners, *model), work / "report.json")
    for name in ("embed-catalogue", "score-learners", "bias-report"):
        yield Submission(name, ())


def submit(one: Submission, environment: dict[str, str]) -> tuple[bool, str, float]:
    """Whether it succeeded, what it printed, and how long it took."""
    began = time.perf_counter()
    ray = str(Path(sys.executable).with_name("ray"))
    asked = subprocess.run(
        [ray, "job", "submit", "--", *one.command], env=environment, capture_output=True, text=True, check=False,
        timeout=_TIMEOUT_SECONDS,
    )  # fmt: skip
    written = one.out is None or one.out.exists()
    return asked.returncode == 0 and written, asked.stdout + asked.stderr, time.perf_counter() - began


def _environment() -> dict[str, str]:
    settings = load_settings()
    address = f"http://127.0.0.1:{settings.ray_dashboard_port}"
    token = settings.home_path / "secrets" / "ray-token"
    return os.environ | {"RAY_ADDRESS": address, "RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": str(token)}


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


def main() -> int:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--only", action="append")
    parser.add_argument("--rows", type=int, default=400)
    asked = parser.parse_args()
    environment = _environment()
    table = Table("Job", "Succeeded", "Seconds", "Submitted again")
    failed = False
    with tempfile.TemporaryDirectory() as temporary:
        for one in submissions(asked.data, Path(temporary), asked.rows):
            if asked.only and one.name not in asked.only:
                continue
            succeeded, printed, seconds = submit(one, environment)
            again = ""
            if not succeeded:
                console.print(printed[-3_000:], markup=False)
            elif one.out is not None:
                fine, printed, _ = submit(one, environment)
                again = "found done" if fine and _DONE in printed else "DONE ANEW"
            failed |= not succeeded or again == "DONE ANEW"
            table.add_row(one.name, "yes" if succeeded else "NO", f"{seconds:.0f}", again)
    console.print(table)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
