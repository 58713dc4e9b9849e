"""Tracing enrolments: from their results, as they stand, to what is known of the learners.

The results themselves are in the database, so what is known is made anew each time and never added to: a result that is
told twice counts once, and one that is graded again counts as it was graded last.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from actors.learner_model.reading import Reader, Tracer
from learning.knowledge.mastery import Level, level
from learning.knowledge.model import KnowledgeModel
from learning.knowledge.results import Result, Traced, trace
from stores import events
from stores.events import Event
from stores.postgres import Connection
from stores.queries import load_queries

_queries = load_queries(__file__)
SOURCE = "/learner_model"


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """Whose results they are, and which version's skills they speak of."""

    enrollment_id: UUID
    org_id: UUID
    user_id: UUID
    course_id: UUID
    version_id: UUID


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What is known now. `model_id` is None where typical values served."""

    enrolment: Enrolment
    model_id: UUID | None
    model: KnowledgeModel
    traced: Traced

    def levels(self) -> dict[UUID, Level]:
        """How far the learner is with each skill that was answered."""
        return {UUID(name): level(own.known, own) for name, own in self.traced.history.skills.items()}


async def trace_enrolments(connection: Connection, reader: Reader, ids: Iterable[UUID]) -> int:
    """Bring what is known of these learners in step, in the caller's transaction, under `azora_system`.

    Says so in an event where somebody reached another level. Returns how many enrolments were traced: not those of
    people who were erased.
    """
    held = [row["id"] async for row in _queries.hold(connection, ids=sorted(ids))]
    if not held:
        return 0
    await _queries.take_turns(connection, ids=held)
    enrolments = [Enrolment(**row) async for row in _queries.enrolments(connection, ids=held)]
    results = await reader.results(connection, held)
    sources = await reader.sources(connection, {(one.course_id, one.version_id) for one in enrolments})
    outcomes = [_traced(one, sources[one.course_id, one.version_id], results[one.enrollment_id]) for one in enrolments]
    before = await _levels(connection, outcomes)
    await _write(connection, outcomes)
    await events.append(connection, [event for one in outcomes for event in _news(one, before)])
    return len(enrolments)


def _traced(enrolment: Enrolment, source: Tracer, results: Sequence[Result]) -> _Outcome:
    return _Outcome(enrolment, source.model_id, source.model, trace(source.model, source.skills, results))


async def _levels(connection: Connection, outcomes: Sequence[_Outcome]) -> dict[tuple[UUID, UUID], str]:
    rows = _queries.levels(connection, ids=[one.enrolment.enrollment_id for one in outcomes])
    return {(row["enrollment_id"], row["skill_id"]): row["level"] async for row in rows}


async def _write(connection: Connection, outcomes: Sequence[_Outcome]) -> None:
    all_of = [one.enrolment for one in outcomes]
    common = {
        "ids": [one.enrollment_id for one in all_of], "org_ids": [one.org_id for one in all_of],
        "user_ids": [one.user_id for one in all_of], "course_ids": [one.course_id for one in all_of],
    }  # fmt: skip
    await _queries.write_histories(
        connection, **common, version_ids=[one.version_id for one in all_of],
        model_ids=[one.model_id for one in outcomes],
        histories=[one.traced.history.document() for one in outcomes],
        answers=[one.traced.history.answers for one in outcomes],
    )  # fmt: skip
    await _queries.drop_mastery(connection, ids=common["ids"])
    skilled = [(one, name, own) for one in outcomes for name, own in one.traced.history.skills.items()]
    await _queries.write_mastery(
        connection,
        ids=[one.enrolment.enrollment_id for one, _, _ in skilled],
        skill_ids=[UUID(name) for _, name, _ in skilled],
        org_ids=[one.enrolment.org_id for one, _, _ in skilled],
        user_ids=[one.enrolment.user_id for one, _, _ in skilled],
        course_ids=[one.enrolment.course_id for one, _, _ in skilled],
        known=[own.known for _, _, own in skilled],
        levels=[level(own.known, own) for _, _, own in skilled],
        answers=[own.answers for _, _, own in skilled],
        right_answers=[own.right for _, _, own in skilled],
        last=[one.traced.last[name] for one, name, _ in skilled],
    )


def _news(outcome: _Outcome, before: dict[tuple[UUID, UUID], str]) -> Iterable[Event]:
    one = outcome.enrolment
    for skill_id, now in outcome.levels().items():
        previous = before.get((one.enrollment_id, skill_id))
        if previous != now:
            yield Event(
                topic="ai_events", type="mastery.changed.v1", source=SOURCE, subject=str(one.enrollment_id),
                key=str(one.user_id), org_id=one.org_id,
                data={
                    "user_id": one.user_id, "course_id": one.course_id, "enrollment_id": one.enrollment_id,
                    "skill_id": skill_id, "level": now.value, "previous_level": previous,
                    "model": outcome.model.name,
                },
            )  # fmt: skip
