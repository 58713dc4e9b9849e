"""The jobs that fit and trace knowledge: learners told apart, rows in order, nothing later looked at."""

from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from jobs.data.knowledge import auc
from jobs.fit_knowledge import fit_knowledge
from jobs.framework import write_rows
from jobs.framework.errors import UnusableData
from jobs.reading.blocks import Learners, cut, told
from jobs.reading.results import read_results
from jobs.trace_knowledge import trace_knowledge
from learning.knowledge.history import UNKNOWN
from learning.knowledge.storing import load

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


def sizes(folder: Path, learners: Learners = Learners.AUTO) -> list[int]:
    return [len(row["right"]) for row in read_results(folder, graded=True, learners=learners).learners]


def fitted(data: Path, model: Path) -> dict[str, Any]:
    ran = runner.invoke(fit_knowledge.app, ["--data", str(data), "--out", str(model), "--workers", "1", "--json"])
    assert ran.exit_code == 0, ran.output
    figures: dict[str, Any] = json.loads(ran.stdout)
    return figures


def test_lengths_are_told_from_names(tmp_path: Path) -> None:
    table = blocks([3, 3, 5, 1])
    assert sizes(written(tmp_path / "a", table)) == [3, 3, 5, 1]
    named = read_results(written(tmp_path / "b", table.assign(user_id=[7] * 6 + [9] * 6)), graded=True)
    assert [row["learner"] for row in named.learners] == ["7", "9"]
    assert not named.told.blocks
    assert not named.told.remarks


def test_small_numbers_fit_by_chance_and_are_names(tmp_path: Path) -> None:
    few = written(tmp_path / "few", blocks([40]).assign(user_id=[1] * 20 + [2] * 20))
    found = read_results(few, graded=True)
    assert [row["learner"] for row in found.learners] == ["1", "2"]
    assert "--learners blocks" in " ".join(found.told.remarks)
    assert sizes(few, Learners.BLOCKS) == [1] * 20 + [2] * 10


@pytest.mark.parametrize("cut_at", [slice(None, -3), slice(3, None), slice(2, -2)])
def test_a_block_that_was_cut_does_not_make_names_of_the_others(tmp_path: Path, cut_at: slice) -> None:
    lengths = [13, 13, 20, 8, 30, 30, 17]
    found = read_results(written(tmp_path / "a", blocks(lengths).iloc[cut_at]), graded=True)
    assert found.told.blocks
    assert "fewer rows than user_id says" in " ".join(found.told.remarks)
    expected = list(lengths)
    expected[0] -= cut_at.start or 0
    expected[-1] += cut_at.stop or 0
    assert [len(row["right"]) for row in found.learners] == expected


def test_a_gap_in_the_middle_is_said_and_can_be_overruled(tmp_path: Path) -> None:
    lengths = [13, 20, 8, 30, 17]
    folder = written(tmp_path / "a", blocks(lengths).drop(index=[35]))
    found = read_results(folder, graded=True)
    assert not found.told.blocks
    assert "4 of 5 stretches" in " ".join(found.told.remarks)
    assert sizes(folder, Learners.BLOCKS) == [13, 20, 7, 30, 17]


def test_a_folder_is_decided_on_as_a_whole(tmp_path: Path) -> None:
    folder = tmp_path / "both"
    folder.mkdir()
    blocks([13, 20, 8, 30]).to_csv(folder / "a.csv", index=False)
    blocks([2]).to_csv(folder / "b.csv", index=False)  # by itself two rows of the learner 2
    assert [row["learner"] for row in read_results(folder, graded=True).learners] == [
        *(f"a.csv:{number}" for number in range(1, 5)), "b.csv:1",
    ]  # fmt: skip
    named = read_results(folder, graded=True, learners=Learners.NAMES).learners
    assert {row["learner"]: len(row["rows"]) for row in named} == {"13": 13, "20": 20, "8": 8, "30": 30, "2": 2}


def test_a_name_in_several_files_is_one_learner(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / f"{name}.csv").write_text("user_id,skill_name,correct\nann,1.10,1\n007,NA,0\n")
    ann, seven = read_results(tmp_path, graded=True).learners
    assert (ann["learner"], ann["rows"], ann["skills"]) == ("ann", [0, 2], ["1.10", "1.10"])
    assert (seven["learner"], seven["rows"], seven["skills"]) == ("007", [1, 3], ["NA", "NA"])


@given(st.lists(st.integers(1, 40), min_size=1, max_size=30))
def test_every_row_belongs_to_one_block_of_its_length(lengths: list[int]) -> None:
    values = [str(length) for length in lengths for _ in range(length)]
    found = Counter(cut(values))
    assert sorted(found.values()) == sorted(lengths)
    assert list(found) == list(range(1, len(lengths) + 1))


def test_results_may_be_json_lines(tmp_path: Path) -> None:
    rows = [{"user_id": "a", "skill_name": 7, "correct": right} for right in (True, 0, "1", "false", "TRUE")]
    write_rows(tmp_path / "a.jsonl", rows)
    [learner] = read_results(tmp_path, graded=True).learners
    assert (learner["skills"], learner["right"]) == (["7"] * 5, [1, 0, 1, 0, 1])


def test_results_that_are_none_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UnusableData, match=r"correct must be 1 or 0, .* and is '2'"):
        read_results(written(tmp_path / "a", blocks([4]).assign(correct=[0, 1, 2, 1])), graded=True)


def test_fit_then_trace_and_no_row_depends_on_a_later_one(tmp_path: Path) -> None:
    table = blocks([12] * 120)
    data = written(tmp_path / "data", table)
    model = tmp_path / "model.npz"
    figures = fitted(data, model)
    assert 0.5 < figures["auc_held_out"] == figures["auc_held_out_at_most_1000_rows"]
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


@pytest.mark.parametrize(("learners", "warned"), [(90, ["too few answers", ""]), (20, ["tracing alone"])])
def test_few_results_are_fitted_to_as_far_as_they_go(tmp_path: Path, learners: int, warned: list[str]) -> None:
    """1,080 answers are enough for a predictor, the four fifths of them for a check are not; 240 are for neither."""
    model = tmp_path / "model.npz"
    figures = fitted(written(tmp_path / "data", blocks([12] * learners)), model)
    assert all(any(part in warning for warning in figures["warnings"]) for part in warned)
    assert ("auc_held_out" in figures) is (learners == 20)
    assert (load(model).predictor is None) is (learners == 20)


def test_a_skill_never_met_is_what_was_usual(tmp_path: Path) -> None:
    model = tmp_path / "model.npz"
    fitted(written(tmp_path / "data", blocks([12] * 20)), model)
    usual = load(model).usual
    assert usual != UNKNOWN
    assert load(model).skill("never met") == usual


def test_rows_of_skills_that_the_model_never_met_are_counted(tmp_path: Path) -> None:
    table = blocks([12] * 20)
    model, out = tmp_path / "model.npz", tmp_path / "out.csv"
    fitted(written(tmp_path / "data", table), model)
    others = table.assign(skill_name=[f"{skill}.0" if skill == 1 else str(skill) for skill in table["skill_name"]])
    traced(written(tmp_path / "others", others), out, "--model", str(model))
    summary = tmp_path / "out.csv.summary.json"
    rows = f"{(table['skill_name'] == 1).sum()} of 240 rows"
    assert json.loads(summary.read_text())["warnings"][-1].startswith(
        f"{rows} have a skill that the model never met, as 1.0"
    )
    traced(tmp_path / "data", out, "--model", str(model))
    assert "never met" not in summary.read_text()


def test_long_histories_are_told_apart_in_the_figures() -> None:
    right, chances = [0, 1, 0, 1], [0.1, 0.9, 0.9, 0.1]
    assert auc(right, chances, [2, 2, 2_000, 2_000]) == {"auc": 0.5, "auc_at_most_1000_rows": 1.0}
    assert auc([1, 1], [0.1, 0.2], [2, 2]) == {}


def test_small_numbers_that_divide_one_length_are_names() -> None:
    alike = [name for name in ("1", "2", "3", "4") for _ in range(12)]
    assert not told([alike], Learners.AUTO).blocks
    assert told([alike], Learners.BLOCKS).blocks
    assert told([["3"] * 3 + ["4"] * 8 + ["5"] * 5], Learners.AUTO).blocks
