"""A model, a prediction, an intervention and mastery of the world that strangers attack."""

from __future__ import annotations

from uuid import UUID, uuid4

from learning.knowledge.history import History
from stores.postgres import Database


async def learned(
    database: Database, org_id: UUID, by: UUID, learner_id: UUID, enrollment_id: str, course_id: str, mark: str
) -> dict[str, str]:
    """Their ids by the names of path parameters."""
    model, prediction, intervention = uuid4(), uuid4(), uuid4()
    card = {name: {} for name in ("gate", "lineage", "metrics", "fairness")}
    async with database.transaction(org_id) as connection:
        await connection.execute(
            "insert into learning_models (id, org_id, kind, day, version, document, gate_passed, status, registered_by)"
            " values ($1, $2, 'risk', 56, $3, $4, true, 'serving', $5)",
            model, org_id, mark, card, by,
        )  # fmt: skip
        await connection.execute(
            "insert into learning_predictions (id, org_id, enrollment_id, user_id, course_id, model_id, probability,"
            " level, reasons) values ($1, $2, $3, $4, $5, $6, 0.5, 'high', $7)",
            prediction, org_id, UUID(enrollment_id), learner_id, UUID(course_id), model,
            [{"subject": "marks", "weight": 1.0, "text": mark}],
        )  # fmt: skip
        await connection.execute(
            "insert into learning_interventions (id, org_id, prediction_id, kind, note, made_by)"
            " values ($1, $2, $3, 'check_in', $4, $5)",
            intervention, org_id, prediction, mark, by,
        )  # fmt: skip
        await connection.execute(
            "insert into learner_histories (enrollment_id, org_id, user_id, course_id, version_id, history, answers)"
            " select id, org_id, user_id, course_id, course_version_id, $2, 4 from enrollments where id = $1",
            UUID(enrollment_id), History().document(),
        )  # fmt: skip
        await connection.execute(
            "insert into learner_mastery (enrollment_id, skill_id, org_id, user_id, course_id, known, level, answers,"
            " right_answers, last_answer_at)"
            " select e.id, (v.content->'modules'->0->>'id')::uuid, e.org_id, e.user_id, e.course_id, 0.5, 'growing', 4,"
            "        2, now() from enrollments e join course_versions v on v.id = e.course_version_id where e.id = $1",
            UUID(enrollment_id),
        )  # fmt: skip
    return {"model_id": str(model), "prediction_id": str(prediction), "intervention_id": str(intervention)}
