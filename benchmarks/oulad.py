"""The Open University Learning Analytics tables, and a presentation of a module as a course and a term of actions.

Source: Kuzilek, Hlosta and Zdrahal (2017), Open University Learning Analytics dataset, CC BY 4.0.
"""

from __future__ import annotations

import csv
import gzip
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Kind = Literal["enrol", "result", "withdraw"]
_ORDER: dict[Kind, int] = {"enrol": 0, "result": 1, "withdraw": 2}


@dataclass(frozen=True, slots=True)
class Assessment:
    """One assessment; CMA is marked by computer, TMA by a tutor, Exam by examiners."""

    id: str
    type: Literal["TMA", "CMA", "Exam"]
    day: float | None

    @property
    def title(self) -> str:
        return f"{self.type} {self.id}"


@dataclass(frozen=True, slots=True)
class Action:
    """What one learner does on one day; `score` is None where a result was never marked."""

    day: float
    kind: Kind
    learner: str
    assessment: str = ""
    score: int | None = None

    @property
    def name(self) -> str:
        """Unique within a presentation, and the same in every run."""
        return f"{self.kind}:{self.learner}:{self.assessment}"


@dataclass(frozen=True)
class Expected:
    """What the tables say must come out."""

    enrolments: int
    withdrawals: int
    completions: int
    mean_scores: dict[str, float]  # by assessment title, over marked results
    results: dict[str, int]  # marked results by assessment title


@dataclass(frozen=True)
class Presentation:
    """One run of a module."""

    module: str
    code: str
    assessments: list[Assessment]
    actions: list[Action]  # in the order of days

    @property
    def name(self) -> str:
        return f"{self.module} {self.code}"

    @property
    def learners(self) -> list[str]:
        return sorted({action.learner for action in self.actions})

    def days(self) -> Iterator[list[Action]]:
        """The actions day by day; within a day enrolments, then results, then withdrawals."""
        batch: list[Action] = []
        for action in self.actions:
            if batch and (batch[-1].day, batch[-1].kind) != (action.day, action.kind):
                yield batch
                batch = []
            batch.append(action)
        if batch:
            yield batch

    def expected(self) -> Expected:
        """Counted from the tables alone."""
        titles = {assessment.id: assessment.title for assessment in self.assessments}
        scores: dict[str, list[int]] = defaultdict(list)
        taken: dict[str, set[str]] = defaultdict(set)
        for action in self.actions:
            if action.kind == "result":
                taken[action.learner].add(action.assessment)
                if action.score is not None:
                    scores[titles[action.assessment]].append(action.score)
        return Expected(
            enrolments=sum(action.kind == "enrol" for action in self.actions),
            withdrawals=sum(action.kind == "withdraw" for action in self.actions),
            completions=sum(len(done) == len(self.assessments) for done in taken.values()),
            mean_scores={title: sum(found) / len(found) for title, found in scores.items()},
            results={title: len(found) for title, found in scores.items()},
        )


def _table(folder: Path, name: str) -> Iterator[dict[str, str]]:
    with gzip.open(folder / f"{name}.csv.gz", "rt", newline="") as file:
        yield from csv.DictReader(file)


def presentations(folder: Path) -> list[tuple[str, str]]:
    """Every (module, presentation) of the tables."""
    return [(row["code_module"], row["code_presentation"]) for row in _table(folder, "course")]


def read(folder: Path, module: str, code: str) -> Presentation:
    """Read one presentation. Raises `LookupError` where there is none.

    A few results are dated before the registration or after the withdrawal they belong to. A learner enrols no later
    than the first result and withdraws no earlier than the last.
    """

    def mine(row: dict[str, str]) -> bool:
        return row["code_module"] == module and row["code_presentation"] == code

    assessments = [
        Assessment(row["id_assessment"], row["assessment_type"], float(row["date"]) if row["date"] else None)  # type: ignore[arg-type]
        for row in _table(folder, "assessment")
        if mine(row)
    ]
    if not assessments:
        raise LookupError(f"no presentation {module} {code} in {folder}")
    results: dict[str, list[Action]] = defaultdict(list)
    for row in _table(folder, "student_assessment"):
        if mine(row):
            score = int(float(row["score"])) if row["score"] else None
            learner = row["id_student"]
            results[learner].append(
                Action(float(row["date_submitted"]), "result", learner, row["id_assessment"], score)
            )
    actions: list[Action] = []
    for row in filter(mine, _table(folder, "student_registration")):
        own = results.get(row["id_student"], [])
        actions += _life(row, own)
        actions += own
    actions.sort(key=lambda action: (action.day, _ORDER[action.kind], action.learner, action.assessment))
    return Presentation(module, code, assessments, actions)


def _life(row: dict[str, str], results: list[Action]) -> list[Action]:
    learner = row["id_student"]
    days = [action.day for action in results]
    left = float(row["date_unregistration"]) if row["date_unregistration"] else None
    registered = [float(row["date_registration"])] if row["date_registration"] else []
    enrolled = min([*registered, *days, *([left] if left is not None else [])], default=0.0)
    life = [Action(enrolled, "enrol", learner)]
    if left is not None:
        life.append(Action(max([left, *days]), "withdraw", learner))
    return life
