"""From what the learners of an organisation got to parameters of knowledge tracing that are kept, and serve.

Each course with results enough gets its own. What is usual over all of them is the organisation's, for the courses that
have too few.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from uuid import UUID

import orjson

from actors.learner_model.reading import Reader
from learning.knowledge.fitting import (
    FEWEST_ANSWERS,
    Learner,
    TooFewResults,
    by_skill,
    examples,
    fit_predictor,
    skill_of,
    usual_rate,
)
from learning.knowledge.history import Skill
from learning.knowledge.model import KnowledgeModel
from learning.knowledge.results import asked
from learning.knowledge.storing import packed_predictor, skills_document
from stores.ids import new_id
from stores.postgres import Connection, Database
from stores.queries import load_queries

_queries = load_queries(__file__, "fitting.sql")

RECIPE = 1  # grows where the same results shall give another model
FEWEST_OF_A_COURSE = 200  # answers; with fewer, what is usual elsewhere says more
_MOST_LEARNERS = 20_000
_AT_ONCE = 200
_HELD_OUT = 5


@dataclass(frozen=True)
class Made:
    """Parameters that were fitted, and what they were made of. `course_id` is None for an organisation's own."""

    course_id: UUID | None
    model: KnowledgeModel
    about: dict[str, Any]


@dataclass(frozen=True)
class Fitted:
    """What was made anew, and how many models serve on since their results are what they were made of."""

    made: list[Made]
    unchanged: int


async def fit_organisation(
    database: Database, org_id: UUID, through: Callable[[Sequence[UUID | None]], Iterable[UUID | None]] = iter
) -> Fitted:
    """Fit every course of an organisation, and let what was fitted serve; its learners are traced anew.

    `database` is under the application's role. Safe to repeat: where the results are those that the serving model was
    made of, it serves on. Nothing is made where there is too little. `through` sees the courses pass by; None is what
    is usual over all of them.
    """
    learners: dict[UUID | None, list[Learner]] = {}
    async with database.transaction(org_id, readonly=True) as connection:
        rows = _queries.courses_with_results(connection, fewest=FEWEST_OF_A_COURSE)
        courses = [(row["course_id"], row["version_id"]) async for row in rows]
        serving = {row["course_id"]: row["about"] async for row in _queries.serving(connection)}
    for course_id, version_id in courses:
        learners[course_id] = await _learners(database, org_id, course_id, version_id)
    if learners:
        learners[None] = [one for some in learners.values() for one in some]
    changed = {id: some for id, some in learners.items() if not _made_of(serving.get(id), some)}
    made = [await asyncio.to_thread(_fitted if id else _usual, id, changed[id]) for id in through(list(changed))]
    if made:
        async with database.transaction(org_id) as connection:
            await _keep(connection, org_id, made)
    return Fitted(made, len(learners) - len(made))


async def _learners(database: Database, org_id: UUID, course_id: UUID, version_id: UUID) -> list[Learner]:
    """Answers of each learner of a course, by skill, in the order of time."""
    reader = Reader()
    found: list[Learner] = []
    async with database.transaction(org_id, readonly=True) as connection:
        rows = _queries.enrollments(connection, course_id=course_id, most=_MOST_LEARNERS)
        ids = [row["enrollment_id"] async for row in rows]
        skills = (await reader.sources(connection, [(course_id, version_id)]))[course_id, version_id].skills
    for start in range(0, len(ids), _AT_ONCE):
        async with database.transaction(org_id, readonly=True) as connection:
            results = await reader.results(connection, ids[start : start + _AT_ONCE])
        counted = [list(asked(skills, own)) for own in results.values()]
        found += [Learner([skill for skill, _ in own], [int(one.right) for _, one in own]) for own in counted if own]
    return found


def _made_of(about: dict[str, Any] | None, learners: Sequence[Learner]) -> bool:
    return about is not None and (about.get("recipe"), about.get("data_sha256")) == (RECIPE, _digest(learners))


def _fitted(course_id: UUID | None, learners: Sequence[Learner]) -> Made:
    """With a predictor where there is enough to fit one."""
    skills, usual = _skills(learners)
    about = _about(learners)
    try:
        predictor = fit_predictor(*examples(learners, skills))
    except TooFewResults:
        predictor = None
        about["predictor"] = f"none: fewer than {FEWEST_ANSWERS} answers, or all alike"
    if predictor is not None and (auc := _held_out(learners)) is not None:
        about["auc_held_out"] = auc
    model = KnowledgeModel(name=_name(learners), skills=skills, usual=usual, predictor=predictor)
    return Made(course_id, model, about)


def _usual(course_id: UUID | None, learners: Sequence[Learner]) -> Made:
    _, usual = _skills(learners)
    return Made(course_id, KnowledgeModel(name=_name(learners), usual=usual), _about(learners))


def _skills(learners: Sequence[Learner]) -> tuple[dict[str, Skill], Skill]:
    """Each skill, and what is usual over all of them."""
    from learning.knowledge.bkt_fitting import fit_bkt

    usual, found = usual_rate(learners), by_skill(learners)
    every = [answers for own in found.values() for answers in own]
    skills = {name: skill_of(answers, fit_bkt(answers), usual) for name, answers in found.items()}
    return skills, skill_of(every, fit_bkt(every), usual)


def _held_out(learners: Sequence[Learner]) -> float | None:
    """AUC on every fifth learner, of whom the skills and the predictor that are measured know nothing; None where too
    few are left."""
    from sklearn.metrics import roc_auc_score

    some = [learner for place, learner in enumerate(learners) if place % _HELD_OUT]
    others = [learner for place, learner in enumerate(learners) if not place % _HELD_OUT]
    skills, usual = _skills(some)
    known = {name: skills.get(name, usual) for learner in learners for name in learner.skills}
    try:
        predictor = fit_predictor(*examples(some, known))
    except TooFewResults:
        return None
    features, results = examples(others, known)
    if not 0 < results.sum() < len(results):
        return None
    return round(float(roc_auc_score(results, predictor.chances(features))), 4)


def _about(learners: Sequence[Learner]) -> dict[str, Any]:
    answers = sum(len(learner.right) for learner in learners)
    made_of = {"data_sha256": _digest(learners), "recipe": RECIPE}
    return {"learners": len(learners), "answers": answers, **made_of}


def _name(learners: Sequence[Learner]) -> str:
    return f"knowledge-{_digest(learners)[:12]}"


def _digest(learners: Sequence[Learner]) -> str:
    return sha256(orjson.dumps([[list(one.skills), list(one.right)] for one in learners])).hexdigest()


async def _keep(connection: Connection, org_id: UUID, made: Sequence[Made]) -> None:
    for one in made:
        await _queries.retire(connection, course_id=one.course_id)
        predictor = packed_predictor(one.model.predictor) if one.model.predictor is not None else None
        await _queries.insert(
            connection, id=new_id(), org_id=org_id, course_id=one.course_id, name=one.model.name,
            skills=skills_document(one.model), predictor=predictor, about=one.about,
        )  # fmt: skip
    courses = [one.course_id for one in made if one.course_id is not None]
    await _queries.trace_anew(connection, course_ids=courses, usual=len(courses) < len(made))
    await _queries.drop_old(connection)
