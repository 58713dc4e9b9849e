"""The platform's own learners as cohorts to train on: what they did by a day, and what became of them.

Days count from each enrolment. Those who enrolled in the same quarter of a year in the same course are a cohort, so
that the last quarter can be held out as what comes later. A cohort of which many are still at it is left out: those who
leave are done first, and it would look as if nearly everybody did.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson

from actors.governor.bias.groups import groups_of
from deployments.learning.repository import LearningRepository
from deployments.learning.scoring import LARGEST_COHORT, cohort_of
from stores.postgres import Connection
from stores.sealing import Keyring

if TYPE_CHECKING:
    from learning.prediction.cohort import Cohort
    from learning.prediction.evaluation import Attributes

ATTRIBUTES = {"age": "age", "disability": "accessibility_needs"}
"""What a gate asks about, by what people may tell: of disability their needs of accessibility. Nobody is asked for
their gender."""

LEAST_DECIDED = 0.75
"""The share of a cohort's learners whose outcome must be known."""


@dataclass(frozen=True, slots=True)
class Gathered:
    """`digest` is the same for the same learners with the same results and outcomes; `left_out` learners are in cohorts
    of which too many are still at it, or are the oldest of more in a course than are learnt from at once."""

    cohorts: list[Cohort]
    left_out: int
    attributes: Attributes
    digest: str


async def gather(connection: Connection, keyring: Keyring, day: int) -> Gathered:
    """All cohorts of the connection's organisation of which enough outcomes are known."""
    repository = LearningRepository(connection)
    cohorts, groups, digest, left_out = [], dict[str, dict[str, str | None]](), hashlib.sha256(), 0
    for course_id in await repository.courses_with_learners():
        rows = await repository.to_learn_from(course_id, day, LEAST_DECIDED, LARGEST_COHORT)
        ids = [row["id"] for row in rows]
        results, completions = await repository.results(ids, day), await repository.completions(ids, day)
        told = await repository.told(ids)
        left_out += rows[0]["everybody"] if rows else 0
        for quarter, part in _by_quarter(rows).items():
            # Of a quarter that was cut the newest are there, of whom the fewest outcomes are known.
            if part[0]["decided"] < LEAST_DECIDED or len(part) < part[0]["enrolled"]:
                continue
            cohort = _cohort(course_id, quarter, part, results, completions, day)
            left_out -= cohort.size
            cohorts.append(cohort)
            _add_groups(groups, cohort, [told[row["user_id"]] for row in part], keyring, datetime.now(UTC).date())
            digest.update(orjson.dumps([str(course_id), quarter, _facts(part, results, completions)], default=str))
    return Gathered(cohorts, left_out, groups, digest.hexdigest())


def _by_quarter(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    """Rows by the quarter in which they enrolled, as 2026Q1: the year, and what recurs every year."""
    found: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        at: datetime = row["enrolled_at"]
        found[f"{at.year}Q{(at.month + 2) // 3}"].append(row)
    return dict(sorted(found.items()))


def _cohort(
    course_id: UUID,
    quarter: str,
    rows: Sequence[Mapping[str, Any]],
    results: Sequence[Mapping[str, Any]],
    completions: Mapping[UUID, int],
    day: int,
) -> Cohort:
    import numpy as np

    decided = np.array([row["failed"] is not None for row in rows], dtype=bool)
    ids = {row["id"] for row in rows}
    own = [result for result in results if result["enrollment_id"] in ids]
    made = cohort_of(course_id, rows, own, completions, day)
    outcome = np.array([bool(row["failed"]) for row in rows], dtype=bool)
    return replace(made, presentation=quarter, outcome=outcome, decided=decided)


def _add_groups(
    groups: dict[str, dict[str, str | None]],
    cohort: Cohort,
    people: Sequence[Mapping[str, Any]],
    keyring: Keyring,
    today: date,
) -> None:
    from learning.prediction.evaluation import cohort_key

    for learner, row in zip(cohort.learners, people, strict=True):
        said = groups_of(row, keyring, today)
        for attribute, name in ATTRIBUTES.items():
            groups.setdefault(attribute, {})[cohort_key(cohort, learner)] = said[name]


def _facts(
    rows: Sequence[Mapping[str, Any]], results: Sequence[Mapping[str, Any]], completions: Mapping[UUID, int]
) -> list[Any]:
    """What a model could learn of them, in an order of its own."""
    ids = {row["id"] for row in rows}
    done = [[result[name] for name in ("enrollment_id", "unit_id", "score", "after_days", "times")]
            for result in results if result["enrollment_id"] in ids]  # fmt: skip
    people = [[row["id"], row["failed"], completions.get(row["id"], 0)] for row in rows]
    return [sorted(people, key=str), sorted(done, key=str)]
