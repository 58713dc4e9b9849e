"""The jobs that fit and trace knowledge: learners told apart, rows in order, nothing later looked at."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from jobs.fit_knowledge import fit_knowledge
from jobs.framework.errors import UnusableData
from jobs.reading.results import lengths_for_names, read_results
from jobs.trace_knowledge import trace_knowledge

runner = CliRunner()


def blocks(lengths: list[int], seed: int = 1) -> pd.DataFrame:
    """Learners as blocks of rows that say how long they are."""
    random = np.random.default_rng(seed)
    rows = []
    for length in lengths:
        ability = random.normal()
        skills = sorted(random.integers(0, 3, size=length))
        rows += [(length, skill, int(random.random() < 1 / (1 + np.exp(-ability - skill + 1)))) for skill in skills]
    return pd.DataFrame(rows, columns=["user_id", "skill_name", "correct"])


def written(folder: Path, table: pd.DataFrame) -> Path:
    folder.mkdir()
    table.to_csv(folder / "train.csv.gz", index=False)
    return folder


def traced(data: Path, out: Path, *options: str) -> list[dict[str, str]]:
    result = runner.invoke(trace_knowledge.app, ["--data", str(data), "--out", str(out), "--workers", "1", *options])
    assert result.exit_code == 0, result.output
    with out.open() as file:
        return list(csv.DictReader(file))


def test_lengths_are_told_from_names(tmp_path: Path) -> None:
    table = blocks([3, 3, 5, 1])
    assert lengths_for_names(table["user_id"])
    assert [len(row["right"]) for row in read_results(written(tmp_path / "a", table), graded=True)] == [3, 3, 5, 1]
    named = table.assign(user_id=[7] * 6 + [9] * 6)
    assert not lengths_for_names(named["user_id"])
    assert [row["learner"] for row in read_results(written(tmp_path / "b", named), graded=True)] == ["7", "9"]


def test_results_that_are_none_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UnusableData, match="other values than 0 and 1"):
        read_results(written(tmp_path / "a", blocks([4]).assign(correct=[0, 1, 2, 1])), graded=True)


def test_fit_then_trace_and_no_row_depends_on_a_later_one(tmp_path: Path) -> None:
    table = blocks([12] * 120)
    data = written(tmp_path / "data", table)
    model = tmp_path / "model.npz"
    fitted = runner.invoke(fit_knowledge.app, ["--data", str(data), "--out", str(model), "--workers", "1"])
    assert fitted.exit_code == 0, fitted.output
    rows = traced(data, tmp_path / "one.csv", "--model", str(model))
    assert [int(row["row"]) for row in rows] == list(range(len(table)))
    assert all(0 < float(row["chance"]) < 1 and 0 <= float(row["known"]) <= 1 for row in rows)

    changed = table.copy()
    changed.loc[6:11, "correct"] = 1 - changed.loc[6:11, "correct"]  # the second half of the first learner
    after = traced(written(tmp_path / "changed", changed), tmp_path / "two.csv", "--model", str(model))
    chances, others = ([float(row["chance"]) for row in found] for found in (rows, after))
    assert chances[:7] == others[:7]
    assert chances[7:12] != others[7:12]
    assert chances[12:] == others[12:]


def test_without_results_rows_are_predicted(tmp_path: Path) -> None:
    data = written(tmp_path / "data", blocks([4, 2]).drop(columns="correct"))
    rows = traced(data, tmp_path / "out.csv")
    assert len(rows) == 6
    assert rows[0]["correct"] == ""
    assert len({row["chance"] for row in rows}) == 1  # nothing was learnt from anything
