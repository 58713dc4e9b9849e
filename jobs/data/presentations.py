"""A folder of presentations: the layout of the Open University Learning Analytics dataset.

Tables `student`, `student_registration`, `assessment`, `student_assessment` and, if there, `clicks_to_day_DAY`. A
learner who has left by the day is not in the cohort. Nothing dated after the day is read.

Source of the layout: Kuzilek, Hlosta and Zdrahal (2017), Open University Learning Analytics dataset.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from jobs.framework import UnusableData, read_table
from jobs.framework.tables import MISSING, table_path
from jobs.reading.values import as_known, rewritten, yes_or_no
from learning.prediction.cohort import Cohort, Floats
from learning.prediction.evaluation import cohort_key

if TYPE_CHECKING:
    import pandas as pd

PERSON = ["code_module", "code_presentation", "id_student"]
PRESENTATION = PERSON[:2]
ATTRIBUTES = ("gender", "disability", "age_band", "imd_band", "region")
_BACKGROUND = ("num_of_prev_attempts", "studied_credits")
_CLICKS = ("clicks_total", "clicks_mean", "clicks_std")
_REGISTRATION = ("date_registration", "date_unregistration")
_WORK = ["id_assessment", "id_student", "date_submitted", "is_banked", "score"]
_TEXTS = {*PERSON, *ATTRIBUTES, "id_assessment", "assessment_type", "final_result"}
_NUMBERS = {
    *_BACKGROUND, *_CLICKS, *_REGISTRATION, *("date", "date_submitted", "score", "weight"),
}  # fmt: skip
_BAD_OUTCOMES = ("Fail", "Withdrawn")
_OUTCOMES = (*_BAD_OUTCOMES, "Pass", "Distinction")


@dataclass(frozen=True)
class Presentations:
    """Cohorts, the sensitive attributes of their people (for reports alone), and what was found on the way."""

    cohorts: list[Cohort]
    attributes: dict[str, dict[str, str | None]]
    remarks: list[str]

    @property
    def undecided(self) -> tuple[str, ...]:
        """Remarks for whoever needs outcomes: of how many learners there are none."""
        unknown = {cohort.name: cohort.size - int(cohort.known.sum()) for cohort in self.cohorts}
        if not any(unknown.values()):
            return ()
        worst = ", ".join(f"{name} {number:,}" for name, number in unknown.items() if number)
        return (f"{sum(unknown.values()):,} learners have no final_result, and do not count ({worst}).",)


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
    if bare := [cohort.name for cohort in cohorts if not len(cohort.task_day)]:
        remarks.append(f"There is no task in assessment, exams aside, of {', '.join(bare)}: are codes written alike?")
    return Presentations(cohorts, _attributes(tables.people, cohorts), remarks)


def _read(folder: Path, day: int, remarks: list[str]) -> _Tables:
    student = _of_learners(folder, "student", PERSON, ["final_result", *_BACKGROUND, *ATTRIBUTES], remarks)
    _require_once(folder, "student", student)
    people = _people(folder, day, student, remarks)
    every = _table(folder, "assessment", [*PRESENTATION, "id_assessment", "date", "weight"], ["assessment_type"])
    every = _alike(every, student, PRESENTATION, ("assessment", "student"), remarks)
    tasks = every[every["assessment_type"] != "Exam"] if "assessment_type" in every else every
    work = _of_learners(folder, "student_assessment", _WORK, PRESENTATION, remarks)
    work = _alike(work, student, ["id_student"], ("student_assessment", "student"), remarks)
    work = _alike(work, every, [*PRESENTATION, "id_assessment"], ("student_assessment", "assessment"), remarks)
    # An id may be that of a task in several presentations where the table says in which.
    key = ["id_assessment", *(PRESENTATION if set(PRESENTATION) <= set(work) else ())]
    if tasks.duplicated(key).any():
        raise UnusableData(f"The table assessment of {folder} has the same {', '.join(key)} twice.")
    work = work[work["date_submitted"] <= day].drop_duplicates([*key, "id_student"])
    _tell(remarks, work, student, ["id_student"], "works are of nobody in student")
    _tell(remarks, work, every, key, "works name a task that is not in assessment")
    work = work.drop(columns=PRESENTATION, errors="ignore") if len(key) == 1 else work
    where = f"is_banked in student_assessment of {folder}"
    work = work.assign(is_banked=[bool(yes_or_no(value, where)) for value in work["is_banked"]])
    return _Tables(people, tasks, work.merge(tasks[[*PRESENTATION, "id_assessment"]], on=key))


def _people(folder: Path, day: int, student: pd.DataFrame, remarks: list[str]) -> pd.DataFrame:
    """Who is there on the day, with when they registered and what they clicked."""
    registration = _about(folder, "student_registration", _REGISTRATION, student, remarks)
    _tell(remarks, student, registration, PERSON, "learners in student are not in student_registration")
    people = student.merge(registration, on=PERSON, how="left")
    people = people[~(people["date_unregistration"] <= day)]
    name = f"clicks_to_day_{day}"
    if table_path(folder, name):
        return people.merge(_about(folder, name, _CLICKS, student, remarks), on=PERSON, how="left")
    remarks.append(f"There is no table {name}: predictions are made without clicks, and are worse.")
    return people.assign(**dict.fromkeys(_CLICKS, np.nan))


def _about(folder: Path, name: str, columns: Sequence[str], student: pd.DataFrame, remarks: list[str]) -> pd.DataFrame:
    """A table that has a row for each learner at most."""
    table = _of_learners(folder, name, [*PERSON, *columns], (), remarks)
    table = _alike(table, student, PERSON, (name, "student"), remarks)
    _require_once(folder, name, table)
    _tell(remarks, table, student, PERSON, f"rows of {name} are of nobody in student")
    return table


def _require_once(folder: Path, name: str, table: pd.DataFrame) -> None:
    if table.duplicated(PERSON).any():
        raise UnusableData(f"The table {name} of {folder} has a learner twice in the same presentation.")


def _alike(
    table: pd.DataFrame, others: pd.DataFrame, columns: Sequence[str], names: tuple[str, str], remarks: list[str]
) -> pd.DataFrame:
    """The table with its ids as the others write them. `names`: of the table, and of the others."""
    for column in columns:
        if column in table and (found := as_known(table[column], set(others[column]))):
            remarks.extend(rewritten(found, f"{column} in {names[0]}", names[1]))
            table = table.assign(**{column: [found.get(one, one) for one in table[column]]})
    return table


def _tell(remarks: list[str], table: pd.DataFrame, others: pd.DataFrame, key: list[str], what: str) -> None:
    """Remark how many rows of the table have a key that none of the others has."""
    joined = table[key].merge(others[key].drop_duplicates(), on=key, how="left", indicator=True)
    if number := int((joined["_merge"] == "left_only").sum()):
        remarks.append(f"{number:,} of {len(table):,} {what}: are ids and codes written alike?")


def _of_learners(
    folder: Path, name: str, columns: Sequence[str], optional: Sequence[str], remarks: list[str]
) -> pd.DataFrame:
    """The rows of a table that say whose they are."""
    table = _table(folder, name, columns, optional)
    named = table[table["id_student"] != ""]
    if bare := len(table) - len(named):
        remarks.append(f"{bare:,} of {len(table):,} rows of {name} have no id_student, and are left out.")
    return named


def _table(folder: Path, name: str, columns: Sequence[str], optional: Sequence[str] = ()) -> pd.DataFrame:
    return read_table(folder, name, columns, optional, text=_TEXTS, numbers=_NUMBERS)


def _cohort(key: tuple[str, str], people: pd.DataFrame, tasks: pd.DataFrame, work: pd.DataFrame) -> Cohort:
    row_of = {learner: row for row, learner in enumerate(people["id_student"])}
    column_of = {task: column for column, task in enumerate(tasks["id_assessment"])}
    work = work[work["id_student"].isin(row_of)]
    where = (work["id_student"].map(row_of).to_numpy(int), work["id_assessment"].map(column_of).to_numpy(int))
    shape = (len(people), len(tasks))
    submitted, score, banked = np.full(shape, np.nan), np.full(shape, np.nan), np.zeros(shape, dtype=bool)
    submitted[where] = work["date_submitted"].to_numpy(float)
    score[where] = work["score"].to_numpy(float)
    banked[where] = work["is_banked"].to_numpy(bool)
    clicks = _numbers(people, "clicks_total")
    outcome, decided = _outcome(people)
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
        outcome=outcome,
        decided=decided,
    )


def _numbers(table: pd.DataFrame, column: str) -> Floats:
    return np.asarray(table[column].to_numpy(float)) if column in table else np.full(len(table), np.nan)


def _outcome(people: pd.DataFrame) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Who withdrew or failed, and of whom it is known: None where it is of nobody, or of everybody."""
    if "final_result" not in people:
        return None, None
    unknown = set(people["final_result"]) - {*_OUTCOMES, *MISSING}
    if unknown:
        raise UnusableData(f"final_result must be one of {', '.join(_OUTCOMES)}, not {', '.join(sorted(unknown))}.")
    decided = people["final_result"].isin(_OUTCOMES).to_numpy(bool)
    if not decided.any():
        return None, None
    return people["final_result"].isin(_BAD_OUTCOMES).to_numpy(bool), None if decided.all() else decided


def _attributes(people: pd.DataFrame, cohorts: list[Cohort]) -> dict[str, dict[str, str | None]]:
    held = [name for name in ATTRIBUTES if name in people]
    keys = [cohort_key(cohort, learner) for cohort in cohorts for learner in cohort.learners]
    values = people.sort_values(PRESENTATION, kind="stable")
    return {
        name: {key: None if value in MISSING else value for key, value in zip(keys, values[name], strict=True)}
        for name in held
    }
