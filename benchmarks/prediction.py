"""How good and how fair predictions are on presentations that the model has not seen.

    python -m benchmarks.prediction --data FOLDER [--day 56]

FOLDER holds presentations in the layout of the Open University Learning Analytics dataset. The last presentation is
put aside, its results are taken out, and the commands that users run (`azora job train-prediction` and `predict`) are
run on the two folders. What they wrote is compared with the results, by scikit-learn's measures and not by ours. Then
each other presentation in turn. Prints AUROC, calibration error and ABROCA, and fails where the last presentation
misses its marks.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

PERSON = ["code_module", "code_presentation", "id_student"]
MARKS = {"AUROC": (0.815, None), "ECE": (None, 0.025), "ABROCA gender": (None, 0.05), "ABROCA disability": (None, 0.03)}
_WITH_PRESENTATION = ("course", "assessment", "student", "student_registration", "student_assessment")


def cut(source: Path, target: Path, codes: set[str], modules: set[str] | None, results: bool, day: int) -> None:
    """A folder with some presentations; without `results` nobody's `final_result` is in it."""
    import pandas as pd

    target.mkdir()
    for name in (*_WITH_PRESENTATION, f"clicks_to_day_{day}"):
        path = source / f"{name}.csv.gz"
        if not path.is_file():
            continue
        table = pd.read_csv(path)
        table = table[table["code_presentation"].isin(codes)]
        if modules is not None:
            table = table[table["code_module"].isin(modules)]
        if not results:
            table = table.drop(columns=["final_result"], errors="ignore")
        table.to_csv(target / path.name, index=False)


def abroca(outcome: Any, score: Any, member: Any) -> float:
    """By interpolation on a fine grid, as its authors do."""
    import numpy as np
    from sklearn.metrics import roc_curve

    grid = np.linspace(0, 1, 10001)
    curves = [np.interp(grid, *roc_curve(outcome[who], score[who])[:2]) for who in (member, ~member)]
    return float(np.trapezoid(np.abs(curves[0] - curves[1]), grid))


def measure(predictions: Path, people: Any) -> dict[str, float]:
    """Figures of a file of predictions against what became of the people."""
    import numpy as np
    import pandas as pd
    from sklearn.metrics import roc_auc_score

    told = pd.read_csv(predictions).rename(
        columns={"learner": "id_student", "module": "code_module", "presentation": "code_presentation"}
    )
    both = told.merge(people, on=PERSON, validate="1:1")
    assert len(both) == len(told)
    outcome = both["final_result"].isin(["Fail", "Withdrawn"]).to_numpy()
    score = both["probability"].to_numpy()
    bins = np.minimum((score * 10).astype(int), 9)
    gaps = [abs((outcome[bins == b] - score[bins == b]).sum()) for b in range(10)]
    return {
        "learners": len(both),
        "AUROC": float(roc_auc_score(outcome, score)),
        "ECE": sum(gaps) / len(both),
        "ABROCA gender": abroca(outcome, score, (both["gender"] == "F").to_numpy()),
        "ABROCA disability": abroca(outcome, score, both["disability"].astype(str).eq("True").to_numpy()),
    }


def azora_job(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "cluster", "job", *arguments], check=True, stderr=subprocess.DEVNULL)


def trial(data: Path, held: str, day: int, known_modules_only: bool) -> dict[str, float]:
    """Train on all other presentations, predict the one held out."""
    import pandas as pd

    people = pd.read_csv(data / "student.csv.gz")
    others = set(people["code_presentation"]) - {held}
    modules = set(people[people["code_presentation"].isin(others)]["code_module"]) if known_modules_only else None
    scratch = Path(tempfile.mkdtemp())
    try:
        cut(data, scratch / "before", others, None, True, day)
        cut(data, scratch / "after", {held}, modules, False, day)
        model, out = scratch / "model.json", scratch / "predictions.csv"
        azora_job("train-prediction", "--data", str(scratch / "before"), "--day", str(day), "--out", str(model))
        options = ("--model", str(model), "--out", str(out), "--failed-gate-too")
        azora_job("predict", "--data", str(scratch / "after"), *options)
        return measure(out, people)
    finally:
        shutil.rmtree(scratch)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--day", type=int, default=56)
    options = parser.parse_args()
    import pandas as pd

    codes = sorted(pd.read_csv(options.data / "student.csv.gz")["code_presentation"].unique(), reverse=True)
    table = Table("held out", "modules", "learners", *MARKS)
    missed: list[str] = []
    for code in codes:
        for known_modules_only in (True, False):
            figures = trial(options.data, code, options.day, known_modules_only)
            kind = "seen before" if known_modules_only else "all"
            shown = [f"{figures[name]:.3f}" for name in MARKS]
            table.add_row(code, kind, str(figures["learners"]), *shown)
            if code == codes[0] and known_modules_only:
                missed = [name for name, (least, most) in MARKS.items() if _misses(figures[name], least, most)]
    Console().print(table)
    if missed:
        sys.exit(f"{codes[0]} misses its marks: {', '.join(missed)}")


def _misses(value: float, least: float | None, most: float | None) -> bool:
    return (least is not None and value < least) or (most is not None and value > most)


if __name__ == "__main__":
    main()
