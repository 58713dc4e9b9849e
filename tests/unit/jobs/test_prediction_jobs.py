"""Training, predicting and evaluating by command, on a folder that was made up."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from jobs.data.presentations import read_presentations
from jobs.evaluate_prediction import evaluate_prediction
from jobs.framework import Row, UnusableData, write_rows
from jobs.predict import predict
from jobs.train_prediction import train_prediction
from learning.prediction.cohort import Cohort
from learning.prediction.model import train
from tests.unit.prediction.worlds import cohort, world

runner = CliRunner()
TASKS = ("TMA", "TMA", "TMA", "Exam")


def folder(path: Path, cohorts: list[Cohort], results: bool = True) -> Path:
    """The cohorts as tables. One more learner of each has left before the day, and one registered late."""
    tables: dict[str, list[Row]] = {
        name: [] for name in ("student", "student_registration", "assessment", "student_assessment", "clicks_to_day_56")
    }
    for number, one in enumerate(cohorts):
        _add(tables, one, 1000 * (number + 1), results)
    for name, rows in tables.items():
        write_rows(path / f"{name}.csv", rows)
    return path


def _add(tables: dict[str, list[Row]], one: Cohort, first: int, results: bool) -> None:
    assert one.outcome is not None
    key = {"code_module": one.module, "code_presentation": one.presentation}
    for task, (day, weight) in enumerate(zip(one.task_day, one.task_weight, strict=True)):
        facts = {"date": None if np.isnan(day) else day, "weight": weight, "assessment_type": TASKS[task]}
        tables["assessment"].append({**key, "id_assessment": first + task, **facts})
    for row in range(one.size + 1):
        person = {**key, "id_student": first + row}
        gone = row == one.size
        student = {**person, "gender": "MF"[row % 2], "disability": row % 7 == 0, "num_of_prev_attempts": 0}
        if results:
            student["final_result"] = "Withdrawn" if gone or one.outcome[row] else "Pass"
        tables["student"].append({**student, "studied_credits": 60})
        left = 30 if gone else None
        tables["student_registration"].append({**person, "date_registration": -20, "date_unregistration": left})
        if gone:
            continue
        if one.clicks[row] > 0:
            clicks = {"clicks_total": one.clicks[row], "clicks_mean": 3.0, "clicks_std": one.unevenness[row]}
            tables["clicks_to_day_56"].append({**person, **clicks})
        for task in np.flatnonzero(np.isfinite(one.submitted[row])):
            work = {"date_submitted": one.submitted[row, task], "is_banked": False, "score": one.score[row, task]}
            tables["student_assessment"].append({"id_assessment": first + task, "id_student": first + row, **work})


def invoke(job: Any, **options: object) -> Any:
    arguments = [part for name, value in options.items() for part in (f"--{name.replace('_', '-')}", str(value))]
    return runner.invoke(job.app, [*arguments, "--json"])


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model, made of a folder."""
    home = tmp_path_factory.mktemp("trained")
    result = invoke(train_prediction, data=folder(home / "data", world()), out=home / "model.json")
    assert result.exit_code == 0, result.output
    return home / "model.json"


def test_a_model_says_what_it_is_made_of_and_whether_it_may_serve(trained: Path) -> None:
    document = json.loads(trained.read_text())
    assert document["lineage"]["presentations"] == ["2013B", "2013J", "2014B"]
    assert set(document["metrics"]) == {"2013B", "2013J", "2014B"}
    assert {check["name"] for check in document["gate"]["checks"]} == {
        "auroc",
        "expected_calibration_error",
        "abroca_gender",
        "abroca_disability",
    }


def test_where_the_last_presentation_is_of_new_modules_the_gate_is_the_one_before_and_says_so(
    trained: Path, tmp_path: Path
) -> None:
    data = folder(tmp_path / "data", [*world(), cohort(150, 5, "NEW", "2014J")])
    result = invoke(train_prediction, data=data, out=tmp_path / "model.json")
    assert result.exit_code == 0, result.output
    [warning] = json.loads(result.stdout)["warnings"]
    assert "of 2014J was there before" in warning
    assert "measured on 2014B" in warning
    made, without = (json.loads(path.read_text()) for path in (tmp_path / "model.json", trained))
    assert made["gate"] == without["gate"]
    assert made["metrics"]["2014B"] == without["metrics"]["2014B"]
    assert made["model"] != without["model"]


def test_everybody_who_is_still_enrolled_is_predicted_without_results(trained: Path, tmp_path: Path) -> None:
    later = cohort(60, 5, "NEW", "2014J")
    data = folder(tmp_path / "later", [later], results=False)
    result = invoke(predict, data=data, model=trained, out=tmp_path / "out.csv", day=56) if passed(trained) else None
    if result is None:
        refused = invoke(predict, data=data, model=trained, out=tmp_path / "out.csv")
        assert refused.exit_code == 1
        assert "failed its gate" in refused.output
        arguments = ["--data", str(data), "--model", str(trained), "--out", str(tmp_path / "out.csv")]
        result = runner.invoke(predict.app, [*arguments, "--failed-gate-too"])
    assert result.exit_code == 0, result.output
    with (tmp_path / "out.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 60  # the one who has left is not among them
    assert all(0 < float(row["probability"]) < 1 and row["reasons"] for row in rows)
    assert {row["presentation"] for row in rows} == {"2014J"}


def passed(model: Path) -> bool:
    return bool(json.loads(model.read_text())["gate"]["passed"])


def test_results_do_not_change_predictions(trained: Path, tmp_path: Path) -> None:
    later = cohort(60, 6, "AAA", "2014J")
    texts = []
    for name, results in (("with", True), ("without", False)):
        data, out = folder(tmp_path / name, [later], results), tmp_path / f"{name}.csv"
        runner.invoke(
            predict.app, ["--data", str(data), "--model", str(trained), "--out", str(out), "--failed-gate-too"]
        )
        texts.append(out.read_text())
    assert texts[0] == texts[1]


def test_an_evaluation_reports_groups_and_modules(trained: Path, tmp_path: Path) -> None:
    data = folder(tmp_path / "later", [cohort(300, 7, "AAA", "2014J"), cohort(300, 8, "BBB", "2014J")])
    result = invoke(evaluate_prediction, data=data, model=trained, out=tmp_path / "report.json")
    assert result.exit_code == 0, result.output
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["auroc"] > 0.75
    assert {group["group"] for group in report["fairness"]["groups"] if group["attribute"] == "gender"} == {"F", "M"}
    assert [figures["module"] for figures in report["fairness"]["within_modules"]] == ["AAA", "BBB"]
    without = folder(tmp_path / "without", [cohort(60, 9)], results=False)
    refused = invoke(evaluate_prediction, data=without, model=trained, out=tmp_path / "none.json")
    assert refused.exit_code == 1
    assert "cannot be evaluated on" in refused.output


def test_cohorts_that_a_model_was_made_of_are_not_measured_beside_others(trained: Path, tmp_path: Path) -> None:
    seen, later = world()[-2], cohort(300, 7, "AAA", "2014J")
    both = folder(tmp_path / "both", [seen, later])
    alone = folder(tmp_path / "alone", [later])
    reports = []
    for data in (both, alone):
        result = invoke(evaluate_prediction, data=data, model=trained, out=data / "report.json")
        reports.append(json.loads((data / "report.json").read_text()))
        told = json.loads(result.stdout).get("warnings", [])
        assert any("was made of AAA 2014B" in one and "without them" in one for one in told) is (data == both)
    assert reports[0] == reports[1] | {"seen_in_training": ["AAA 2014B"]}
    invoke(evaluate_prediction, data=folder(tmp_path / "seen", [seen]), model=trained, out=tmp_path / "seen.json")
    assert "flatter it" in json.loads((tmp_path / "seen.json.summary.json").read_text())["warnings"][0]


def test_a_model_is_for_its_day_and_must_be_a_model(trained: Path, tmp_path: Path) -> None:
    data = folder(tmp_path / "later", [cohort(30)])
    arguments = ["--data", str(data), "--out", str(tmp_path / "out.csv"), "--failed-gate-too", "--model"]
    other_day = runner.invoke(predict.app, [*arguments, str(trained), "--day", "80"])
    assert "made for day 56, not for day 80" in other_day.output
    (tmp_path / "no.json").write_text('{"format": 0}')
    no_model = runner.invoke(predict.app, [*arguments, str(tmp_path / "no.json")])
    assert no_model.exit_code == 1
    assert "train it again" in no_model.output


def changed(path: Path, table: str, change: Any) -> Path:
    file = path / f"{table}.csv"
    change(pd.read_csv(file, dtype=str, keep_default_na=False)).to_csv(file, index=False)
    return path


def test_whoever_has_no_result_is_left_out_and_not_the_whole_cohort(trained: Path, tmp_path: Path) -> None:
    def without(table: pd.DataFrame) -> pd.DataFrame:
        table.loc[0, "final_result"] = ""
        table.loc[1, "final_result"] = "?"
        return table

    data = changed(folder(tmp_path / "data", world()), "student", without)
    result = invoke(train_prediction, data=data, out=tmp_path / "model.json")
    assert result.exit_code == 0, result.output
    figures, document = json.loads(result.stdout), json.loads((tmp_path / "model.json").read_text())
    assert figures["learners"] == 6 * 150 - 2
    assert "2 learners have no final_result" in figures["warnings"][0]
    assert len(document["lineage"]["cohorts"]) == 6
    report = invoke(evaluate_prediction, data=data, model=trained, out=tmp_path / "report.json")
    assert json.loads(report.stdout)["learners"] == 6 * 150 - 2


def test_outcomes_of_some_do_not_change_what_is_usual() -> None:
    known = cohort(200)
    assert known.outcome is not None
    some = np.arange(200) % 2 == 0
    model = train([replace(known, decided=some)], 56)
    turned = train([replace(known, decided=some, outcome=np.where(some, known.outcome, ~known.outcome))], 56)
    np.testing.assert_array_equal(model.probability(known), turned.probability(known))
    assert model.past == train([known], 56).past


def test_one_outcome_alone_is_said_to_be_too_little(tmp_path: Path) -> None:
    one, other = cohort(60, 1, "AAA", "2013J"), cohort(60, 2, "AAA", "2014J")
    data = folder(tmp_path / "data", [one, replace(other, outcome=np.zeros(60, bool))])
    result = invoke(train_prediction, data=data, out=tmp_path / "model.json")
    assert result.exit_code == 1
    assert "both outcomes" in result.output


def test_ids_are_texts_and_question_marks_are_missing(tmp_path: Path) -> None:
    data = folder(tmp_path / "data", [cohort(20)])
    for table in ("student", "student_registration", "student_assessment", "clicks_to_day_56"):
        changed(data, table, lambda rows: rows.assign(id_student="00" + rows["id_student"]))
    changed(data, "student_registration", lambda rows: rows.replace({"date_unregistration": {"": "?"}}))
    changed(data, "assessment", lambda rows: rows.replace({"date": {"": "?"}}))
    changed(data, "student", lambda rows: rows.assign(gender="?", final_result="?"))
    found = read_presentations(data, 56)
    assert found.cohorts[0].learners == [f"00{number}" for number in range(1000, 1020)]
    assert np.isfinite(found.cohorts[0].submitted).any()
    assert found.cohorts[0].outcome is None
    assert set(found.attributes["gender"].values()) == {None}
    assert found.remarks == []


def test_what_is_wrong_with_a_table_is_said(tmp_path: Path) -> None:
    def refused(table: str, change: Any) -> str:
        data = changed(folder(tmp_path / table, [cohort(20)]), table, change)
        with pytest.raises(UnusableData) as error:
            read_presentations(data, 56)
        return error.value.detail

    assert "must hold numbers, and holds 'soon'" in refused("assessment", lambda rows: rows.assign(date="soon"))
    twice = refused("clicks_to_day_56", lambda rows: pd.concat([rows, rows.head(1)]))
    assert "clicks_to_day_56" in twice
    assert "a learner twice" in twice


@pytest.mark.parametrize(
    ("table", "column", "others"),
    [
        ("student_assessment", "id_assessment", "assessment"),
        ("assessment", "id_assessment", "assessment"),
        ("student_assessment", "id_student", "student"),
        ("clicks_to_day_56", "id_student", "student"),
    ],
)
def test_whole_numbers_written_as_fractions_in_one_table_are_matched(
    tmp_path: Path, table: str, column: str, others: str
) -> None:
    data = folder(tmp_path / "data", [cohort(20)])
    before = read_presentations(data, 56)
    changed(data, table, lambda rows: rows.assign(**{column: rows[column] + ".0"}))
    found = read_presentations(data, 56)
    for name in ("submitted", "score", "clicks"):
        np.testing.assert_array_equal(getattr(found.cohorts[0], name), getattr(before.cohorts[0], name))
    (told,) = found.remarks
    assert f"values of {column} in" in told
    assert f"otherwise than in {others}" in told


def test_what_matches_nothing_is_counted_and_exams_are_none_of_it(tmp_path: Path) -> None:
    def three_others(column: str) -> Any:
        return lambda rows: rows.assign(**{column: [f"{'x' * (at < 3)}{one}" for at, one in enumerate(rows[column])]})

    data = folder(tmp_path / "data", [cohort(20, 1, "AAA"), cohort(20, 2, "BBB")])
    works, clicks = (pd.read_csv(data / f"{name}.csv") for name in ("student_assessment", "clicks_to_day_56"))
    changed(data, "student_assessment", three_others("id_student"))
    changed(data, "student_registration", three_others("code_presentation"))
    changed(data, "clicks_to_day_56", three_others("id_student"))
    changed(data, "assessment", lambda rows: rows[rows["code_module"] == "AAA"].assign(assessment_type="Exam"))
    works = works[works["date_submitted"] <= 56]
    assert [one.partition(":")[0] for one in read_presentations(data, 56).remarks] == [
        "3 of 42 rows of student_registration are of nobody in student",
        "3 of 42 learners in student are not in student_registration",
        f"3 of {len(clicks)} rows of clicks_to_day_56 are of nobody in student",
        f"3 of {len(works)} works are of nobody in student",
        f"{(works['id_assessment'] >= 2000).sum()} of {len(works)} works name a task that is not in assessment",
        "There is no task in assessment, exams aside, of AAA 2013J, BBB 2013J",
    ]


def test_rows_of_nobody_are_left_out_and_counted(tmp_path: Path) -> None:
    def without(rows: pd.DataFrame) -> pd.DataFrame:
        return pd.concat([rows, rows.head(2).assign(id_student=["", " "])])

    data = folder(tmp_path / "data", [cohort(20)])
    before = read_presentations(data, 56).cohorts[0]
    for table in ("student", "student_registration", "student_assessment", "clicks_to_day_56"):
        changed(data, table, without)
    found = read_presentations(data, 56)
    assert found.cohorts[0].learners == before.learners
    np.testing.assert_array_equal(found.cohorts[0].submitted, before.submitted)
    assert len(found.remarks) == 4
    assert found.remarks[0] == "2 of 23 rows of student have no id_student, and are left out."


@pytest.mark.parametrize(
    ("words", "banked"), [(("TRUE", "FALSE"), True), (("yes", "no"), True), (("No", "Yes"), False), (("", "y"), False)]
)
def test_banked_work_is_told_in_words(tmp_path: Path, words: tuple[str, str], banked: bool) -> None:
    data = folder(tmp_path / "data", [cohort(20)])
    changed(data, "student_assessment", lambda rows: rows.assign(is_banked=[words[at % 2] for at in range(len(rows))]))
    works = pd.read_csv(data / "student_assessment.csv")
    first = works.iloc[0]
    found = read_presentations(data, 56).cohorts[0]
    place = found.learners.index(str(first["id_student"])), int(first["id_assessment"]) - 1000
    assert found.banked[place] == banked
    assert 0 < found.banked.sum() < np.isfinite(found.submitted).sum()
    changed(data, "student_assessment", lambda rows: rows.assign(is_banked="perhaps"))
    with pytest.raises(UnusableData, match=r"is_banked .* is 'perhaps'"):
        read_presentations(data, 56)


def test_a_task_may_have_the_same_id_in_every_presentation(tmp_path: Path) -> None:
    one, other = cohort(20, 1, "AAA", "2013J"), cohort(20, 2, "AAA", "2014J")
    data = folder(tmp_path / "data", [one, other])
    first = {"1": "2013J", "2": "2014J"}
    changed(
        data,
        "student_assessment",
        lambda rows: rows.assign(
            code_module="AAA", code_presentation=rows["id_assessment"].str[0].map(first),
            id_assessment="task-" + rows["id_assessment"].str[1:],
        ),
    )  # fmt: skip
    changed(data, "assessment", lambda rows: rows.assign(id_assessment="task-" + rows["id_assessment"].str[1:]))
    found = read_presentations(data, 56).cohorts
    for there, read in zip((one, other), found, strict=True):
        known = there.submitted[:, :3] <= 56
        np.testing.assert_array_equal(np.isfinite(read.submitted), known)
