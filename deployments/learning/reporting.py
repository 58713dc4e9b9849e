"""The nightly report of how predictions treat groups. Groups come from `actors.governor.bias.groups`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from actors.governor.bias.groups import groups_of
from deployments.learning.repository import LearningRepository
from stores.ids import new_id
from stores.postgres import Connection
from stores.sealing import Keyring

MOST_PREDICTIONS = 200_000


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
    report, verdict = figures_of(rows, document["distribution"], keyring, datetime.now(UTC).date())
    report["left_out"] = rows[0]["all_made"] - len(rows)  # the oldest
    await repository.write_bias_report(id=new_id(), org_id=org_id, model_id=serving.id, verdict=verdict, report=report)
    if verdict == "stop":
        worst = ", ".join(finding["figure"] for finding in report["findings"] if finding["verdict"] == "stop")
        await repository.stop(serving.id, f"The bias report stopped it: {worst}")
    return {"model": serving.version, "verdict": verdict, "learners": report["learners"]}


def figures_of(
    rows: Sequence[Mapping[str, Any]], distribution: Mapping[str, Any], keyring: Keyring, today: date
) -> tuple[dict[str, Any], str]:
    """The report and its verdict. Quality is measured over those whose enrolment has ended. Rates are of predictions,
    one for each enrolment; where numbers decide whether there is a figure, people are counted.
    """
    from dataclasses import asdict

    import numpy as np

    from learning.fairness.calibration import expected_calibration_error
    from learning.fairness.drift import population_stability_index, shares
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
    stability = (
        population_stability_index(
            np.array(distribution["shares"]), shares(probability, np.array(distribution["borders"]))
        )
        if of_all >= SMALLEST
        else None
    )
    calibration = expected_calibration_error(outcome, probability[decided]) if of_ended >= SMALLEST else None
    findings = [*judge(ended, of_ended, None, calibration), *judge(everybody, of_all, stability, None)]
    verdict = overall(findings)
    return {
        "learners": of_all,
        "predictions": len(rows),
        "ended": len(decided),
        "population_stability_index": stability,
        "expected_calibration_error": calibration,
        "everybody": everybody.document(),
        "ended_enrolments": ended.document(),
        "findings": [asdict(finding) for finding in findings],
    }, str(verdict)
