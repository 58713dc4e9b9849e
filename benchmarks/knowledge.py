"""How well knowledge tracing foretells the answers of learners it has not seen, beside pyBKT with forgetting.

    python -m benchmarks.knowledge --data FOLDER [--starts 1] [--learners 60] [--longest 100]

FOLDER is one that `azora job fit-knowledge` reads. Every fifth learner is put aside; both sides are fitted to the
others, and told the answers of those put aside one row at a time. Prints the AUC over learners with at most 1,000 rows,
and over all, and fails where a check is missed.

pyBKT gets an environment of its own, made for the run: it needs older numerics than the platform. Because its EM walks
each answer in Python, it is fitted from few random starts (`--starts`) to the first `--longest` answers of `--learners`
learners of each skill. Times are processor time; both sides run at once.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from jobs.framework.rows import Row
from jobs.reading.results import read_results
from jobs.trace_knowledge import tracer
from learning.knowledge.bkt import Parameters
from learning.knowledge.bkt_fitting import fit_bkt
from learning.knowledge.fitting import Learner, by_skill, examples, fit_predictor, skill_of, usual_rate
from learning.knowledge.model import KnowledgeModel
from learning.knowledge.storing import save

PINNED = ("pyBKT==1.4.3", "numpy==2.2.6", "scipy==1.15.3", "pandas==2.3.3", "scikit-learn==1.7.2")
LEAST_AUC = 0.77
MOST_ROWS = 1_000
_HELD_OUT = 5
_LOOKED_BACK = 40
_ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
console = Console(width=120)


@dataclass(frozen=True)
class Told:
    """A side's chances of the rows of the learners put aside, and the processor time of its fit."""

    chances: Sequence[float]
    cpu_seconds: float
    fitted_to: str


def timed_fit(sequences: list[list[int]]) -> tuple[Parameters, float]:
    """Of one skill, with the processor time it took."""
    began = time.process_time()
    return fit_bkt(sequences), time.process_time() - began


def fit(rows: Sequence[Row]) -> tuple[KnowledgeModel, float]:
    """As the job does it, and the processor time."""
    began = time.process_time()
    learners = [Learner(row["skills"], row["right"]) for row in rows]
    usual, sequences = usual_rate(learners), by_skill(learners)
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        fits = list(pool.map(timed_fit, sequences.values()))
    skills = {name: skill_of(own, bkt, usual) for (name, own), (bkt, _) in zip(sequences.items(), fits, strict=True)}
    predictor = fit_predictor(*examples(learners, skills))
    spent = time.process_time() - began + sum(seconds for _, seconds in fits)
    return KnowledgeModel(name="benchmark", skills=skills, predictor=predictor), spent


def trace(model: KnowledgeModel, rows: list[Row], folder: Path) -> list[float]:
    """What the job that traces says of each row, in their order."""
    file = folder / f"{model.name}.npz"
    save(model, file, about={})
    return [answer["chance"] for answer in tracer(file)(rows)]


def looks_back_only(model: KnowledgeModel, rows: Sequence[Row], folder: Path) -> bool:
    """Whether turning later answers round leaves the chances up to the first of them as they are."""
    for row in rows[:_LOOKED_BACK]:
        half = len(row["right"]) // 2
        turned = {**row, "right": [*row["right"][:half], *(1 - right for right in row["right"][half:])]}
        if trace(model, [row], folder)[: half + 1] != trace(model, [turned], folder)[: half + 1]:
            return False
    return True


def pybkt(train: Sequence[Row], test: Sequence[Row], folder: Path, limits: Sequence[int]) -> Told:
    """pyBKT's chances, from a process of an environment of its own."""
    subprocess.run([sys.executable, "-m", "venv", str(folder / "venv")], check=True)
    python = str(folder / "venv" / "bin" / "python")
    subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PINNED], check=True)
    files = [folder / name for name in ("train.csv", "test.csv", "told.csv")]
    _write(files[0], train)
    _write(files[1], test)
    script = Path(__file__).with_name("knowledge_pybkt.py")
    command = [python, "-I", str(script), *map(str, files), *map(str, limits)]
    environment = {**os.environ, **_ONE_THREAD}
    output = subprocess.run(command, check=True, env=environment, stdout=subprocess.PIPE, text=True).stdout
    figures = json.loads(output)
    with files[2].open() as file:
        chances = [float(row["correct_predictions"]) for row in csv.DictReader(file)]
    starts, learners, longest = limits
    fitted_to = (
        f"{figures['answers']:,} answers ({learners} learners a skill, {longest} answers each), {starts} start(s)"
    )
    return Told(chances, figures["fit_cpu_seconds"], fitted_to)


def _write(path: Path, rows: Sequence[Row]) -> None:
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["user_id", "skill_name", "correct"])
        # Numbers that rise, so that sorting by learner leaves the order of the rows.
        for number, row in enumerate(rows):
            writer.writerows((number, *answer) for answer in zip(row["skills"], row["right"], strict=True))


def compare(sides: dict[str, Told], test: Sequence[Row]) -> dict[str, float]:
    """Print the table; AUC on learners with few enough rows, by side."""
    import numpy as np
    from sklearn.metrics import roc_auc_score

    right = np.array([right for row in test for right in row["right"]])
    few = np.array([len(row["right"]) <= MOST_ROWS for row in test for _ in row["right"]])
    title = f"{sum(len(row['right']) <= MOST_ROWS for row in test)} unseen learners, {few.sum():,} answers"
    table = Table("", f"AUC, at most {MOST_ROWS:,} rows", "AUC, all", "fit, CPU s", "fitted to", title=title)
    found: dict[str, float] = {}
    for name, told in sides.items():
        chances = np.array(told.chances)
        found[name] = float(roc_auc_score(right[few], chances[few]))
        everyone = float(roc_auc_score(right, chances))
        table.add_row(name, f"{found[name]:.4f}", f"{everyone:.4f}", f"{told.cpu_seconds:.0f}", told.fitted_to)
    console.print(table)
    return found


def run(data: Path, limits: Sequence[int]) -> dict[str, bool]:
    """Everything; whether each check held."""
    rows = read_results(data, graded=True).learners
    train = [row for place, row in enumerate(rows) if place % _HELD_OUT]
    test = [row for place, row in enumerate(rows) if not place % _HELD_OUT]
    with tempfile.TemporaryDirectory(prefix="azora-knowledge-") as directory, ThreadPoolExecutor(1) as beside:
        folder = Path(directory)
        rival = beside.submit(pybkt, train, test, folder, limits)
        model, seconds = fit(train)
        alone = replace(model, name="alone", predictor=None)
        fitted_to = f"{sum(len(row['right']) for row in train):,} answers"
        sides = {
            "Azora, as it serves": Told(trace(model, test, folder), seconds, fitted_to),
            "Azora, tracing alone": Told(trace(alone, test, folder), seconds, "the same fit"),
        }
        back = looks_back_only(model, test, folder)
        sides["pyBKT, forgetting"] = rival.result()
    ours, _, theirs = compare(sides, test).values()
    return {
        f"AUC at least {LEAST_AUC} on unseen learners": ours >= LEAST_AUC,
        "ahead of pyBKT with forgetting": ours > theirs,
        f"no chance depends on a later answer ({_LOOKED_BACK} learners)": back,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--starts", type=int, default=1, help="of pyBKT's EM")
    parser.add_argument("--learners", type=int, default=60, help="of each skill, that pyBKT is fitted to")
    parser.add_argument("--longest", type=int, default=100, help="answers of a learner to a skill, for pyBKT")
    given: Any = parser.parse_args()
    os.environ.update(_ONE_THREAD)
    checks = run(given.data, (given.starts, given.learners, given.longest))
    for check, held in checks.items():
        console.print(f"{'held  ' if held else 'MISSED'}  {check}")
    if not all(checks.values()):
        sys.exit(1)


if __name__ == "__main__":
    main()
