"""What a revision makes of rows that were there before it."""

from __future__ import annotations

import asyncpg

from migrations.run import migrate


async def test_a_prediction_is_taken_for_the_first_of_its_enrolment(empty: str) -> None:
    await migrate(empty, "0020")
    connection = await asyncpg.connect(empty)
    await connection.execute("set session_replication_role = replica")  # so that it needs no learner and no course
    await connection.execute(
        "insert into learning_predictions (id, org_id, enrollment_id, user_id, course_id, model_id, probability, level,"
        " reasons) select id, id, id, id, id, id, 0.25, 'low', '[]' from gen_random_uuid() as id"
    )
    await migrate(empty, "0021")
    assert await connection.fetchval("select first_probability from learning_predictions") == 0.25
    await connection.close()
