"""The nightly report of how predictions treat groups. Groups come from `actors.governor.bias.groups`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from actors.governor.bias.groups import groups_of
from deployments.learning.repository import LearningRepository
from stores.ids import new_id
from stores.postgres import Connection
from stores.sealing import Keyring

MOST_PREDICTIONS = 200_000
FIRST_PREDICTIONS = 500
"""What a model predicts first is what later predictions of others are held against."""
_NEVER_STOPS = 0  # people over whom a figure was measured: of so few it is an alert at most


class _Drift(NamedTuple):
    """A population stability index, and against what."""

    stability: float | None
    since: str


async def report_on(connection: Connection, org_id: UUID, keyring: Keyring) -> dict[str, Any] | None:
    """Write today's report on the model that serves, and stop it where the verdict says so.

    Returns the verdict with its figures; None where no model serves or nothing was predicted.
    """
    repository = LearningRepository(connection)
    serving = await repository.serving()
    if serving is None:
        return None
    rows = await repository.predicted(serving.id, MOST_PREDICTIONS)
    if not rows:
        return None
    document = await repository.document(serving.id)
    first = await repository.first_predicted(serving.id, FIRST_PREDICTIONS)
    report, verdict = figures_of(rows, first, document["distribution"], keyring, datetime.now(UTC).date())
    report["left_out"] = rows[0]["all_made"] - len(rows)  # the oldest
    await repository.write_bias_report(id=new_id(), org_id=org_id, model_id=serving.id, verdict=verdict, report=report)
    if verdict == "stop":
        worst = ", ".join(finding["figure"] for finding in report["findings"] if finding["verdict"] == "stop")
        await repository.stop(serving.id, f"The bias report stopped it: {worst}")
    return {"model": serving.version, "verdict": verdict, "learners": report["learners"]}


def figures_of(
    rows: Sequence[Mapping[str, Any]],
    first: Sequence[Mapping[str, Any]],
    distribution: Mapping[str, Any],
    keyring: Keyring,
    today: date,
) -> tuple[dict[str, Any], str]:
    """The report and its verdict. Quality is measured over those whose enrolment has ended. Rates are of predictions,
    one for each enrolment; where numbers decide whether there is a figure, people are counted. `first`: what the model
    predicted first, `distribution` what it predicted of those it was made of.
    """
    from dataclasses import asdict

    import numpy as np

    from learning.fairness.calibration import expected_calibration_error
    from learning.fairness.groups import SMALLEST, report
    from learning.fairness.watch import judge, overall

    groups = [groups_of(row, keyring, today) for row in rows]
    attributes = {name: [group[name] for group in groups] for name in ("age", "accessibility_needs")}
    probability = np.array([row["probability"] for row in rows])
    modules = [str(row["course_id"]) for row in rows]
    people = [row["user_id"] for row in rows]
    decided = [number for number, row in enumerate(rows) if row["failed"] is not None]
    outcome = np.array([rows[number]["failed"] for number in decided], dtype=bool)
    ended = report(
        probability[decided],
        outcome,
        {name: [values[number] for number in decided] for name, values in attributes.items()},
        [modules[number] for number in decided],
        people=[people[number] for number in decided],
    )
    everybody = report(probability, None, attributes, modules, people=people)
    of_ended, of_all = len({people[number] for number in decided}), len(set(people))
    drift = _drift(rows, first, distribution)
    calibration = expected_calibration_error(outcome, probability[decided]) if of_ended >= SMALLEST else None
    findings = [*judge(ended, of_ended, None, calibration), *judge(everybody, _NEVER_STOPS, drift.stability, None)]
    verdict = overall(findings)
    return {
        "learners": of_all,
        "predictions": len(rows),
        "ended": len(decided),
        "population_stability_index": drift.stability,
        "drift_from": drift.since,
        "expected_calibration_error": calibration,
        "everybody": everybody.document(),
        "ended_enrolments": ended.document(),
        "findings": [asdict(finding) for finding in findings],
    }, str(verdict)


def _drift(
    rows: Sequence[Mapping[str, Any]], first: Sequence[Mapping[str, Any]], distribution: Mapping[str, Any]
) -> _Drift:
    """Against the first predictions, once these and the later ones are of enough people. Until then against those of
    whom the model was made. Nothing is stopped for being unlike either: the first may be of other courses than the
    later ones, and those of whom it was made learners of another school.
    """
    import numpy as np

    from learning.fairness.drift import deciles, population_stability_index, shares
    from learning.fairness.groups import SMALLEST
    from learning.fairness.watch import ENOUGH_TO_STOP

    begun = {row["id"] for row in first}
    later = [row for row in rows if row["id"] not in begun]
    people = len({row["user_id"] for row in later})
    if min(len({row["user_id"] for row in first}), people) >= ENOUGH_TO_STOP:
        before, now = (np.array([row["probability"] for row in part]) for part in (first, later))
        borders = np.unique(deciles(before))
        return _Drift(population_stability_index(shares(before, borders), shares(now, borders)), "first predictions")
    if len({row["user_id"] for row in rows}) < SMALLEST:
        return _Drift(None, "training")
    made_of, borders = np.array(distribution["shares"]), np.array(distribution["borders"])
    values = np.array([row["probability"] for row in rows])
    return _Drift(population_stability_index(made_of, shares(values, borders)), "training")
