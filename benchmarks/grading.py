"""How well short answers are graded, and how quickly, by the commands that users run.

    python -m benchmarks.grading --data FOLDER [--corpus NAME] [--folds 4]

FOLDER is one that `azora job train-grading` reads, whose rows also have `module`, the domain of a question, and perhaps
`corpus`. Answers, then questions, then whole domains are held out in turn: of each kind a model is trained on the rest
by `azora job train-grading` and grades what was held out by `azora job grade`, which sees no labels. With `--corpus`
only rows of that corpus are held out; the others are trained on throughout. Prints the macro-F1 over all that was held
out, with its target, and answers a second for 10,000 answers. Fails where a target is missed.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from learning.grading.answers import LABELS
from learning.grading.training import macro_f1

Row = dict[str, Any]
TARGETS = {"answers": 0.65, "questions": 0.51, "domains": 0.53}
LEAST_PER_SECOND = 100.0
_TIMED = 10_000
_ANSWERS_HELD_OUT = 8  # every so many
console = Console(width=120)


@dataclass(frozen=True)
class Division:
    """Rows to train on and rows to grade."""

    train: list[Row]
    test: list[Row]


def divisions(kind: str, rows: Sequence[Row], corpus: str | None, folds: int) -> Iterator[Division]:
    """What is held out, in turn. Of answers one division will do: it has many."""
    held = [row for row in rows if corpus is None or row.get("corpus") == corpus]
    if kind == "answers":
        shuffled = random.Random(5).sample(held, len(held))
        yield _divided(rows, {row["answer_id"] for row in shuffled[::_ANSWERS_HELD_OUT]}, "answer_id")
        return
    field = {"questions": "question_id", "domains": "module"}[kind]
    groups = sorted({row[field] for row in held})
    random.Random(5).shuffle(groups)
    for fold in range(folds):
        yield _divided(rows, set(groups[fold::folds]), field)


def _divided(rows: Sequence[Row], out: set[str], field: str) -> Division:
    return Division([row for row in rows if row[field] not in out], [row for row in rows if row[field] in out])


def job(name: str, *arguments: str | Path) -> dict[str, Any]:
    """A job's summary, by its command."""
    command = [sys.executable, "-m", "cluster", "job", name, *map(str, arguments), "--json"]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    summary: dict[str, Any] = json.loads(output)
    return summary


def graded(division: Division, folder: Path) -> tuple[list[str], list[str]]:
    """What people and the model called each answer that was held out."""
    train, test = folder / "train", folder / "test"
    _write(train / "graded.jsonl", division.train)
    _write(test / "answers.jsonl", [{key: row[key] for key in row if key != "label"} for row in division.test])
    job("train-grading", "--data", train, "--out", folder / "model.npz", "--again")
    job("grade", "--data", test, "--model", folder / "model.npz", "--out", folder / "grades.csv", "--again")
    with (folder / "grades.csv").open(newline="") as file:
        given = {row["answer_id"]: row["label"] for row in csv.DictReader(file)}
    return [row["label"] for row in division.test], [given[row["answer_id"]] for row in division.test]


def measure(kind: str, rows: Sequence[Row], corpus: str | None, folds: int, folder: Path) -> tuple[float, int]:
    """Macro-F1 over all divisions of a kind, and of how many answers."""
    people: list[str] = []
    model: list[str] = []
    for number, division in enumerate(divisions(kind, rows, corpus, folds)):
        with console.status(f"{kind}, division {number + 1}"):
            own, found = graded(division, folder / f"{kind}-{number}")
        people, model = people + own, model + found
    places = {str(label): place for place, label in enumerate(LABELS)}
    figure = macro_f1(np.array([places[label] for label in people]), np.array([places[label] for label in model]))
    return float(figure), len(people)


def speed(rows: Sequence[Row], folder: Path) -> float:
    """Answers a second for 10,000 answers, loading included, with the weights that ship."""
    many = [{**row, "answer_id": f"{number}"} for number, row in zip(range(_TIMED), _endless(rows), strict=False)]
    _write(folder / "many" / "answers.jsonl", many)
    summary = job("grade", "--data", folder / "many", "--out", folder / "many.csv", "--again")
    return len(many) / float(summary["seconds"])


def _endless(rows: Sequence[Row]) -> Iterator[Row]:
    while True:
        yield from rows


def _write(path: Path, rows: Sequence[Row]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))


def read_rows(folder: Path) -> list[Row]:
    """Rows with a label, of all files of the folder."""
    found: list[Row] = []
    for path in sorted(folder.glob("*.jsonl*")):
        with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as lines:
            found += [json.loads(line) for line in lines if line.strip()]
    return [row for row in found if row.get("label")]


def main() -> int:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--corpus", default=None)
    parser.add_argument("--folds", type=int, default=4)
    asked = parser.parse_args()
    rows = read_rows(asked.data)
    if not rows or "module" not in rows[0]:
        console.print(f"{asked.data} has no graded answers with a module.")
        return 2
    table = Table("Held out", "Answers", "Macro-F1", "Target", "Held")
    missed = False
    with tempfile.TemporaryDirectory() as temporary:
        for kind, target in TARGETS.items():
            figure, count = measure(kind, rows, asked.corpus, asked.folds, Path(temporary))
            missed |= figure < target
            table.add_row(kind, f"{count:,}", f"{figure:.3f}", f"{target:.2f}", "yes" if figure >= target else "NO")
        pace = speed(rows, Path(temporary))
    missed |= pace < LEAST_PER_SECOND
    table.add_row("answers/s", f"{_TIMED:,}", f"{pace:.0f}", f"{LEAST_PER_SECOND:.0f}",
                  "yes" if pace >= LEAST_PER_SECOND else "NO")  # fmt: skip
    console.print(table)
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
