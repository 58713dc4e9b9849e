"""From what learners of a course did here to predictions that are kept.

People enrol here on any day, so days count from each learner's enrolment, and there are no dates by which work is due.
A graded unit is due when half of the learners who are far enough on have done it: that day is its usual day. numpy is
imported when the first prediction is made.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from deployments.kit.decisions import require_running
from deployments.learning.errors import NoModelServes
from deployments.learning.repository import LearningRepository
from stores.decisions import AutomatedKind
from stores.ids import new_id

if TYPE_CHECKING:
    from learning.prediction.artefact import Artefact
    from learning.prediction.cohort import Cohort

LARGEST_COHORT = 20_000
_KEPT_MODELS = 8


class Models:
    """Models that were read, so that each is read once: they never change."""

    def __init__(self) -> None:
        self._kept: OrderedDict[UUID, Artefact] = OrderedDict()

    async def get(self, repository: LearningRepository, id: UUID) -> Artefact:
        """The model of that id."""
        from learning.prediction.artefact import Artefact

        if id not in self._kept:
            document = await repository.document(id)
            self._kept[id] = await asyncio.to_thread(Artefact.read, document, verified=True)
            while len(self._kept) > _KEPT_MODELS:
                self._kept.popitem(last=False)
        return self._kept[id]


class Scored(NamedTuple):
    """For how many there is a prediction now, and how many were left out: the oldest of more than can be compared."""

    predicted: int
    left_out: int


async def score_course(repository: LearningRepository, models: Models, org_id: UUID, course_id: UUID) -> Scored:
    """Predict for everybody who is far enough on, and keep it. Safe to repeat.

    Raises `NoModelServes`, `AutomatedDecisionsStopped`.
    """
    await require_running(repository.connection, org_id, AutomatedKind.PREDICTION)
    serving = await repository.serving()
    if serving is None:
        raise NoModelServes()
    artefact = await models.get(repository, serving.id)
    rows = await repository.cohort(course_id, serving.day, LARGEST_COHORT)
    ids = [row["id"] for row in rows]
    results = await repository.results(ids, serving.day)
    completions = await repository.completions(ids, serving.day)
    found = await asyncio.to_thread(_predicted, artefact, course_id, rows, results, completions)
    common = {"org_id": org_id, "course_id": course_id, "model_id": serving.id}
    await repository.record([{**common, **prediction} for prediction in found])
    return Scored(len(found), rows[0]["all_open"] - len(found) if rows else 0)


def _predicted(
    artefact: Artefact,
    course_id: UUID,
    rows: Sequence[Mapping[str, Any]],
    results: Sequence[Mapping[str, Any]],
    completions: Mapping[UUID, int],
) -> list[dict[str, Any]]:
    from dataclasses import asdict

    from learning.prediction.reasons import explain

    cohort = cohort_of(course_id, rows, results, completions, artefact.model.day)
    return [
        {
            "id": new_id(),
            "enrollment_id": row["id"],
            "user_id": row["user_id"],
            "probability": explained.probability,
            "level": explained.level,
            "reasons": [asdict(reason) for reason in explained.reasons],
            "intervention": explained.intervention,
            "suggestion": explained.suggestion,
        }
        for row, explained in zip(rows, explain(artefact.model, cohort), strict=True)
        if row["open"]
    ]


def cohort_of(
    course_id: UUID,
    rows: Sequence[Mapping[str, Any]],
    results: Sequence[Mapping[str, Any]],
    completions: Mapping[UUID, int],
    day: int,
) -> Cohort:
    """Learners as a cohort. A visit is a unit worked on since they began, a click a completion or an attempt."""
    import numpy as np

    from learning.prediction.cohort import Cohort

    row_of = {row["id"]: number for number, row in enumerate(rows)}
    column_of = {unit: number for number, unit in enumerate(sorted({result["unit_id"] for result in results}))}
    shape = (len(rows), len(column_of))
    submitted, score = np.full(shape, np.nan), np.full(shape, np.nan)
    visits = np.array([float(completions.get(row["id"], 0)) for row in rows])
    clicks = visits.copy()
    for result in results:
        place = row_of[result["enrollment_id"]], column_of[result["unit_id"]]
        submitted[place] = result["after_days"]
        score[place] = np.nan if result["score"] is None else result["score"]
        visits[place[0]] += result["times"] > 0
        clicks[place[0]] += result["times"]
    unknown = np.full(len(rows), np.nan)
    return Cohort(
        module=str(course_id),
        presentation="",
        learners=[str(row["user_id"]) for row in rows],
        task_day=np.array([_usual_day(submitted[:, column], day) for column in range(shape[1])]),
        task_weight=np.ones(shape[1]),
        submitted=submitted,
        score=score,
        banked=np.zeros(shape, dtype=bool),
        registered_day=unknown,
        previous_attempts=unknown,
        credits=unknown,
        clicks=clicks,
        visits=visits,
        unevenness=unknown,
        own_pace=True,
    )


def _usual_day(submitted: Any, day: int) -> float:
    """The day by which half of all have done the unit; NaN where fewer have by the day that counts."""
    import numpy as np

    done = np.sort(submitted[np.isfinite(submitted)])
    half = (len(submitted) + 1) // 2
    return float(done[half - 1]) if 0 < half <= len(done) and done[half - 1] <= day else float("nan")
