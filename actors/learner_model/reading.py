"""What tracing reads: results, the skills of versions, and the parameters that serve."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeVar
from uuid import UUID

from learning.knowledge.model import DEFAULT, KnowledgeModel
from learning.knowledge.results import RIGHT_FROM, Result
from learning.knowledge.skills import SkillMap, skill_map
from learning.knowledge.storing import model_of
from stores.postgres import Connection
from stores.queries import load_queries

_queries = load_queries(__file__)

MOST_ATTEMPTS = 300  # of an enrolment, the latest
_KEPT = 128

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Tracer:
    """What the results of a version are traced with. `model_id` is None for typical values."""

    skills: SkillMap
    model_id: UUID | None
    model: KnowledgeModel


class Reader:
    """Keeps what never changes: skills that follow from a version, and models. The least recently used go first.

    Models come with their predictors where `predicting`.
    """

    def __init__(self, *, predicting: bool = False) -> None:
        self._predicting = predicting
        self._derived: OrderedDict[UUID, SkillMap] = OrderedDict()
        self._models: OrderedDict[UUID, KnowledgeModel] = OrderedDict()

    async def results(self, connection: Connection, ids: Sequence[UUID]) -> dict[UUID, list[Result]]:
        """Of each enrolment, in the order of time."""
        found: dict[UUID, list[Result]] = {id: [] for id in ids}
        async for row in _queries.attempts(connection, ids=ids, most=MOST_ATTEMPTS):
            found[row["enrollment_id"]] += _of_attempt(row)
        async for row in _queries.grades(connection, ids=ids, most=MOST_ATTEMPTS):
            found[row["enrollment_id"]].append(_of_grade(row))
        return {id: sorted(results, key=lambda result: result.at) for id, results in found.items()}

    async def sources(
        self, connection: Connection, versions: Collection[tuple[UUID, UUID]]
    ) -> dict[tuple[UUID, UUID], Tracer]:
        """For each course and version."""
        courses = sorted({course_id for course_id, _ in versions})
        declared = {row["course_id"]: row["skills"] async for row in _queries.declared(connection, course_ids=courses)}
        serving = {row["course_id"]: row async for row in _queries.models(connection, course_ids=courses)}
        found = {}
        for course_id, version_id in versions:
            skills = await self._skills(connection, version_id, declared.get(course_id))
            row = serving.get(course_id)
            model = await self._model(connection, row["id"], row["name"]) if row else DEFAULT
            found[course_id, version_id] = Tracer(skills, row["id"] if row else None, model)
        return found

    async def _skills(self, connection: Connection, version_id: UUID, declared: Any) -> SkillMap:
        if declared is not None:
            return skill_map({}, declared)
        if version_id not in self._derived:
            content = await _queries.content(connection, version_id=version_id)
            _keep(self._derived, version_id, skill_map(content, None))
        self._derived.move_to_end(version_id)
        return self._derived[version_id]

    async def _model(self, connection: Connection, id: UUID, name: str) -> KnowledgeModel:
        if id not in self._models:
            row = await _queries.model(connection, id=id, predicting=self._predicting)
            _keep(self._models, id, model_of(name, row["skills"], row["predictor"]))
        self._models.move_to_end(id)
        return self._models[id]


def _keep(kept: OrderedDict[UUID, Value], id: UUID, value: Value) -> None:
    kept[id] = value
    if len(kept) > _KEPT:
        kept.popitem(last=False)


def _of_attempt(row: Mapping[str, Any]) -> list[Result]:
    unit = str(row["unit_id"])
    return [
        Result(unit_id=unit, question_id=question["question_id"], right=question["correct"], at=row["at"])
        for question in row["result"]
    ]


def _of_grade(row: Mapping[str, Any]) -> Result:
    right = bool(row["points"] >= row["maximum_points"] * Decimal(str(RIGHT_FROM)))
    return Result(unit_id=str(row["unit_id"]), question_id=None, right=right, at=row["at"])
