"""A folder of presentations: the layout of the Open University Learning Analytics dataset.

Tables `student`, `student_registration`, `assessment`, `student_assessment` and, if there, `clicks_to_day_DAY`. A
learner who has left by the day is not in the cohort. Nothing dated after the day is read.

Source of the layout: Kuzilek, Hlosta and Zdrahal (2017), Open University Learning Analytics dataset.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from jobs.framework import UnusableData, read_table
from jobs.framework.tables import table_path
from learning.prediction.cohort import Cohort, Floats
from learning.prediction.evaluation import cohort_key

if TYPE_CHECKING:
    import pandas as pd

PERSON = ["code_module", "code_presentation", "id_student"]
PRESENTATION = PERSON[:2]
ATTRIBUTES = ("gender", "disability", "age_band", "imd_band", "region")
_BAD_OUTCOMES = ("Fail", "Withdrawn")
_OUTCOMES = (*_BAD_OUTCOMES, "Pass", "Distinction")


@dataclass(frozen=True)
class Presentations:
    """Cohorts, the sensitive attributes of their people (for reports alone), and what was found on the way."""

    cohorts: list[Cohort]
    attributes: dict[str, dict[str, str | None]]
    remarks: list[str]

    @property
    def learners(self) -> int:
        return sum(cohort.size for cohort in self.cohorts)


@dataclass(frozen=True)
class _Tables:
    people: pd.DataFrame
    tasks: pd.DataFrame
    work: pd.DataFrame


def read_presentations(folder: Path, day: int) -> Presentations:
    """Everything that is known on the day. Outcomes where `student` has `final_result`.

    Raises `MissingData`, `MissingColumns` and `UnusableData`.
    """
    remarks: list[str] = []
    tables = _read(folder, day, remarks)
    tasks = dict(list(tables.tasks.groupby(PRESENTATION)))
    work = dict(list(tables.work.groupby(PRESENTATION)))
    cohorts = []
    for key, people in tables.people.groupby(PRESENTATION):
        none = tables.tasks.iloc[:0]
        cohorts.append(_cohort(key, people, tasks.get(key, none), work.get(key, tables.work.iloc[:0])))
    if not cohorts:
        raise UnusableData(f"Nobody in {folder} is enrolled on day {day}.")
    return Presentations(cohorts, _attributes(tables.people, cohorts), remarks)


def _read(folder: Path, day: int, remarks: list[str]) -> _Tables:
    people = read_table(
        folder, "student", PERSON, ["final_result", "num_of_prev_attempts", "studied_credits", *ATTRIBUTES]
    )
    registration = read_table(folder, "student_registration", [*PERSON, "date_registration", "date_unregistration"])
    if people.duplicated(PERSON).any() or registration.duplicated(PERSON).any():
        raise UnusableData(f"{folder} has a learner twice in the same presentation.")
    people = people.merge(registration, on=PERSON, how="left")
    people = people[~(people["date_unregistration"] <= day)]
    if table_path(folder, f"clicks_to_day_{day}"):
        names = ["clicks_total", "clicks_mean", "clicks_std"]
        people = people.merge(read_table(folder, f"clicks_to_day_{day}", [*PERSON, *names]), on=PERSON, how="left")
    else:
        remarks.append(f"There is no table clicks_to_day_{day}: predictions are made without clicks, and are worse.")
        people = people.assign(clicks_total=np.nan, clicks_mean=np.nan, clicks_std=np.nan)
    tasks = read_table(folder, "assessment", [*PRESENTATION, "id_assessment", "date", "weight"], ["assessment_type"])
    if "assessment_type" in tasks:
        tasks = tasks[tasks["assessment_type"] != "Exam"]
    work = read_table(
        folder, "student_assessment", ["id_assessment", "id_student", "date_submitted", "is_banked", "score"]
    )
    work = work[work["date_submitted"] <= day].drop_duplicates(["id_assessment", "id_student"])
    work = work.merge(tasks[[*PRESENTATION, "id_assessment"]], on="id_assessment")
    return _Tables(people, tasks, work)


def _cohort(key: tuple[str, str], people: pd.DataFrame, tasks: pd.DataFrame, work: pd.DataFrame) -> Cohort:
    row_of = {learner: row for row, learner in enumerate(people["id_student"])}
    column_of = {task: column for column, task in enumerate(tasks["id_assessment"])}
    work = work[work["id_student"].isin(row_of)]
    where = (work["id_student"].map(row_of).to_numpy(int), work["id_assessment"].map(column_of).to_numpy(int))
    shape = (len(people), len(tasks))
    submitted, score, banked = np.full(shape, np.nan), np.full(shape, np.nan), np.zeros(shape, dtype=bool)
    submitted[where] = work["date_submitted"].to_numpy(float)
    score[where] = work["score"].to_numpy(float)
    banked[where] = work["is_banked"].astype(str).isin(["True", "1", "1.0", "true"]).to_numpy(bool)
    clicks = _numbers(people, "clicks_total")
    return Cohort(
        module=str(key[0]),
        presentation=str(key[1]),
        learners=[str(learner) for learner in people["id_student"]],
        task_day=_numbers(tasks, "date"),
        task_weight=np.nan_to_num(_numbers(tasks, "weight")),
        submitted=submitted,
        score=score,
        banked=banked,
        registered_day=_numbers(people, "date_registration"),
        previous_attempts=_numbers(people, "num_of_prev_attempts"),
        credits=_numbers(people, "studied_credits"),
        clicks=clicks,
        visits=clicks / np.maximum(_numbers(people, "clicks_mean"), 1e-9),
        unevenness=_numbers(people, "clicks_std"),
        outcome=_outcome(people),
    )


def _numbers(table: pd.DataFrame, column: str) -> Floats:
    if column not in table:
        return np.full(len(table), np.nan)
    try:
        return np.asarray(table[column].to_numpy(float))
    except (TypeError, ValueError) as error:
        raise UnusableData(f"The column {column} must hold numbers: {error}") from error


def _outcome(people: pd.DataFrame) -> np.ndarray | None:
    """Who withdrew or failed; None unless it is known of everybody."""
    if "final_result" not in people or people["final_result"].isna().any():
        return None
    unknown = set(people["final_result"]) - set(_OUTCOMES)
    if unknown:
        raise UnusableData(f"final_result must be one of {', '.join(_OUTCOMES)}, not {', '.join(map(str, unknown))}.")
    return np.asarray(people["final_result"].isin(_BAD_OUTCOMES).to_numpy(bool))


def _attributes(people: pd.DataFrame, cohorts: list[Cohort]) -> dict[str, dict[str, str | None]]:
    held = [name for name in ATTRIBUTES if name in people]
    keys = [cohort_key(cohort, learner) for cohort in cohorts for learner in cohort.learners]
    values = people.sort_values(PRESENTATION, kind="stable")
    return {
        name: {
            key: None if value is None or value != value else str(value)
            for key, value in zip(keys, values[name], strict=True)
        }
        for name in held
    }
