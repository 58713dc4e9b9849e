"""Every batch job through `ray job submit`, on a part of the data that is small enough to be quick."""

from __future__ import annotations

import asyncio
import csv
import gzip
import os
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from cluster.several.local_cluster import LocalCluster
from jobs import catalogue

_MODULE = "BBB"  # of the Open University: one module in three presentations
_ANSWERS = 1_000
_RESULTS = 20_000
_TABLES = ("student", "student_registration", "assessment", "student_assessment", "clicks_to_day_56")


@dataclass(frozen=True)
class Submitted:
    """A job, and what came of it."""

    name: str
    status: int
    seconds: float
    output: str
    written: Path | None

    @property
    def good(self) -> bool:
        return self.status == 0 and (self.written is None or self.written.stat().st_size > 0)


def parts_of(data: Path, to: Path) -> None:
    """Copy the parts of the folders `oulad`, `short_answers` and `knowledge_tracing` that are worked on."""
    for folder in ("oulad", "short_answers", "knowledge_tracing"):
        (to / folder).mkdir(parents=True)
    wanted = _assessments(data / "oulad")
    for table in _TABLES:
        with (
            gzip.open(data / "oulad" / f"{table}.csv.gz", "rt") as source,
            (to / "oulad" / f"{table}.csv").open("w", newline="") as target,
        ):
            rows = csv.DictReader(source)
            writer = csv.DictWriter(target, rows.fieldnames or [])
            writer.writeheader()
            writer.writerows(row for row in rows if row.get("code_module", _MODULE) == _MODULE
                             and row.get("id_assessment", "") in {*wanted, ""})  # fmt: skip
    for folder, name, rows_kept in (
        ("short_answers", "train.jsonl", _ANSWERS), ("knowledge_tracing", "train.csv", _RESULTS)
    ):  # fmt: skip
        with gzip.open(data / folder / f"{name}.gz", "rt") as lines:
            (to / folder / name).write_text("".join(islice(lines, rows_kept)))


def _assessments(folder: Path) -> set[str]:
    with gzip.open(folder / "assessment.csv.gz", "rt") as source:
        return {row["id_assessment"] for row in csv.DictReader(source) if row["code_module"] == _MODULE}


def commands(data: Path, out: Path) -> Mapping[str, tuple[Sequence[str], Path | None]]:
    """By job, in an order in which each finds what it needs: its arguments, and what it writes."""
    risk, graded, known = out / "risk.json", out / "grading.npz", out / "knowledge.npz"
    oulad, answers, results = (f"--data={data / name}" for name in ("oulad", "short_answers", "knowledge_tracing"))
    learned = f"--model={risk}"
    return {
        "train-prediction": ([oulad, f"--out={risk}"], risk),
        "evaluate-prediction": ([oulad, learned, f"--out={out / 'report.json'}"], out / "report.json"),
        "predict": ([oulad, learned, "--failed-gate-too", f"--out={out / 'risks.csv'}"], out / "risks.csv"),
        "train-grading": ([answers, f"--out={graded}"], graded),
        "grade": ([answers, f"--model={graded}", f"--out={out / 'grades.csv'}"], out / "grades.csv"),
        "fit-knowledge": ([results, f"--out={known}"], known),
        "trace-knowledge": ([results, f"--model={known}", f"--out={out / 'traced.csv'}"], out / "traced.csv"),
        "score-learners": ([], None),
        "bias-report": ([], None),
    }


async def submit_all(cluster: LocalCluster, data: Path, out: Path) -> list[Submitted]:
    """One after the other. Raises `RuntimeError` where there is a job that is not among them."""
    wanted = commands(data, out)
    if missing := {entry.name for entry in catalogue.entries()} - wanted.keys():
        raise RuntimeError(f"not submitted: {', '.join(sorted(missing))}")
    return [await _submit(cluster, name, *wanted[name]) for name in wanted]


async def _submit(cluster: LocalCluster, name: str, arguments: Sequence[str], written: Path | None) -> Submitted:
    """As docs/JOBS.md says: `ray job submit` with the cluster's token waits, and ends with the job's status."""
    module = f"jobs.{name.replace('-', '_')}"
    began = time.monotonic()
    process = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).parent / "ray"), "job", "submit", f"--address={cluster.dashboard_url}",
        "--", "python", "-m", module, *arguments,
        env={**os.environ, "RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": cluster.token},
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    output, _ = await process.communicate()
    assert process.returncode is not None
    found = written if written is None or written.exists() else None
    status = process.returncode or int(found is None and written is not None)
    return Submitted(name, status, time.monotonic() - began, output.decode(errors="replace"), found)
