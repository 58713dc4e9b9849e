"""What to do next in a course, planned anew at every look: results that came in meanwhile are in it."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from deployments.kit.decisions import require_running
from deployments.kit.errors import Invalid, PersonNotFound, UnitNotFound
from deployments.kit.judging import Edge, Ruling, withheld_of
from deployments.kit.logs import get_logger
from deployments.kit.principal import Principal
from deployments.kit.work import Work
from deployments.learning.errors import NotDoneYet
from deployments.learning.knowledge import KnowledgeRepository
from deployments.learning.mastery import Known, MasteryRules
from deployments.learning.path_repository import Goals, PathRepository
from learning.knowledge.mastery import Level
from learning.paths.outlines import Outline, outlines, units
from learning.paths.planning import SECURE, plan
from learning.paths.reviewing import RATED, Review, seen
from learning.paths.units import Seen, Step, Why
from stores.decisions import AutomatedKind
from stores.errors import StoreError
from stores.postgres import Connection

log = get_logger("learning")

USUAL_MINUTES = 45
_KEPT_VERSIONS = 128
_KEPT_NOTES = 10_000
_NOTES_AT_ONCE = 8
_NOTE_SECONDS = 5.0
_JUST_BELOW_SECURE = SECURE - 0.001


@dataclass(frozen=True, kw_only=True)
class Path:
    """What to do next. `reviews` tells where each unit that was done stands; `finished` whether all units are done, and
    `closed` in which of those that are not nothing can be done now."""

    known: Known
    goals: Goals | None
    minutes: int
    steps: Sequence[Step]
    reviews: Sequence[Seen]
    titles: Mapping[str, str]
    finished: bool
    closed: Sequence[str]
    planned_at: datetime

    @property
    def shares(self) -> tuple[int, int]:
        """Minutes in all, and of these on what was done before; of what is to be begun, those that there are."""
        back = sum(step.unit.minutes for step in self.steps if step.why in (Why.REVIEW, Why.REPEAT))
        return min(sum(step.unit.minutes for step in self.steps), self.minutes), min(back, self.minutes)


class PathRules:
    """`spawn` runs what nobody waits for."""

    def __init__(self, mastery: MasteryRules, spawn: Callable[[Coroutine[Any, Any, None]], None], edge: Edge) -> None:
        self._mastery = mastery
        self._edge = edge
        self._spawn = spawn
        self._outlines: OrderedDict[UUID, tuple[Outline, ...]] = OrderedDict()
        self._noted: OrderedDict[UUID, tuple[int, int, date]] = OrderedDict()  # what the database has, by enrolment
        self._noting: set[UUID] = set()

    async def own(self, work: Work, principal: Principal, course_id: UUID, minutes: int | None) -> Path:
        """One's own. Raises `CourseNotFound`, `NotLearning`, `AutomatedDecisionsStopped`."""
        ruling = await self._edge.ruling(work.org_id)
        await require_running(await work.connection(), work.org_id, AutomatedKind.RECOMMENDATION)
        known = await self._mastery.own(work, principal, course_id)
        path = await self._plan(work, ruling, known, minutes)
        if minutes is None:  # else it was asked what could be, and the time was not Azora's advice
            self._note(work, principal, course_id, path)
        return path

    async def of_learner(
        self, work: Work, principal: Principal, course_id: UUID, user_id: UUID, minutes: int | None
    ) -> Path:
        """That of a learner of one's course. Raises `CourseNotFound`, `NotYourCourse`, `LearnerNotFound`."""
        ruling = await self._edge.ruling(work.org_id)
        await require_running(await work.connection(), work.org_id, AutomatedKind.RECOMMENDATION)
        known = await self._mastery.of_learner(work, principal, course_id, user_id)
        return await self._plan(work, ruling, known, minutes)

    async def of_enrolment(
        self, connection: Connection, ruling: Ruling, course_id: UUID, user_id: UUID, minutes: int | None
    ) -> Path | None:
        """That of whoever takes the course, for the batch job, which sees to who may see it; None without a seat."""
        repository = KnowledgeRepository(connection)
        standing = await repository.standing(course_id, user_id)
        if standing is None or standing.enrollment_id is None or standing.version_id is None:
            return None
        known = await self._mastery.known(repository, standing)
        path = await self._planned(connection, known, minutes)
        return _judged(path, await withheld_of(None, ruling, *_said(path)))

    async def set_goals(
        self, work: Work, principal: Principal, course_id: UUID, skill_ids: Sequence[UUID], minutes: int
    ) -> Path:
        """Say what one wants to learn, and in what time. Raises `CourseNotFound`, `NotLearning`, `Invalid`."""
        ruling = await self._edge.ruling(work.org_id)
        await require_running(await work.connection(), work.org_id, AutomatedKind.RECOMMENDATION)
        known = await self._mastery.own(work, principal, course_id)
        wanted = list(dict.fromkeys(skill_ids))
        if odd := [id for id in wanted if str(id) not in known.titles]:
            raise Invalid.field("skill_ids", "unknown", f"the course has no such skill: {odd[0]}")
        repository = await self._writing(work, principal, known)
        await repository.set_goals(
            org_id=work.org_id, user_id=principal.user_id, course_id=course_id, skill_ids=wanted, minutes=minutes
        )
        work.publish(
            "ai_events", "learning_goals.set.v1", subject=known.enrollment_id, key=principal.user_id,
            data={"user_id": principal.user_id, "course_id": course_id, "skill_ids": wanted, "minutes": minutes},
        )  # fmt: skip
        return await self._plan(work, ruling, known, None)

    async def review(
        self, work: Work, principal: Principal, course_id: UUID, unit_id: UUID, rating: str
    ) -> tuple[Seen, str]:
        """Say how well one remembered a unit that one has seen again; gives where it stands then, and its title.

        Raises `CourseNotFound`, `NotLearning`, `UnitNotFound`, `NotDoneYet`.
        """
        known = await self._mastery.own(work, principal, course_id)
        connection = await work.connection()
        outlined = await self._outlined(PathRepository(connection, known.enrollment_id), known)
        titles = {one.id: one.title for one in outlined}
        if str(unit_id) not in titles:
            raise UnitNotFound()
        repository = await self._writing(work, principal, known)
        completed = await repository.completed()
        if str(unit_id) not in completed:
            raise NotDoneYet()
        review_id = await repository.add_review(
            org_id=work.org_id, user_id=principal.user_id, unit_id=unit_id, rating=rating
        )
        work.publish(
            "ai_events", "unit.reviewed.v1", subject=review_id, key=principal.user_id,
            data={"user_id": principal.user_id, "course_id": course_id, "unit_id": unit_id, "rating": rating},
        )  # fmt: skip
        of_unit = [one for one in await repository.reviews() if one["unit_id"] == unit_id]
        found = await asyncio.to_thread(_seen, completed, of_unit, datetime.now(UTC))
        return next(one for one in found if one.unit_id == str(unit_id)), titles[str(unit_id)]

    async def _writing(self, work: Work, principal: Principal, known: Known) -> PathRepository:
        repository = PathRepository(await work.connection(), known.enrollment_id)
        if not await repository.hold_person(principal.user_id):
            raise PersonNotFound()  # erased a moment ago
        return repository

    async def _plan(self, work: Work, ruling: Ruling, known: Known, minutes: int | None) -> Path:
        """With the reasons that may go out."""
        path = await self._planned(await work.connection(), known, minutes)
        return _judged(path, await withheld_of(work, ruling, *_said(path)))

    async def _planned(self, connection: Connection, known: Known, minutes: int | None) -> Path:
        repository = PathRepository(connection, known.enrollment_id)
        outlined = await self._outlined(repository, known)
        completed, reviews = await repository.completed(), await repository.reviews()
        goals = await repository.goals()
        closed = _closed(
            outlined, completed.keys(), await repository.attempts_used(), await repository.awaiting_grades()
        )
        now = datetime.now(UTC)
        minutes = minutes or (goals.minutes if goals else USUAL_MINUTES)
        # Scheduling is arithmetic over hundreds of reviews, so not on the loop.
        standing = await asyncio.to_thread(_seen, completed, reviews, now)
        steps = plan(
            units(outlined, known.map, done=completed.keys(), secure=_secure(known), closed=closed),
            _chances(known),
            now=now,
            minutes=minutes,
            goals={str(id) for id in goals.skill_ids} if goals else (),
            seen=standing,
            names=known.titles,
        )
        return Path(
            known=known, goals=goals, minutes=minutes, steps=steps, reviews=standing, planned_at=now,
            titles={one.id: one.title for one in outlined}, finished=all(one.id in completed for one in outlined),
            closed=[one.id for one in outlined if one.id in closed and one.id not in completed],
        )  # fmt: skip

    def _note(self, work: Work, principal: Principal, course_id: UUID, path: Path) -> None:
        """Have it kept what was advised. Nobody waits for it: looking is quick, and may find the database read-only.
        Where too many are being kept, or it fails, the next look does it.
        """
        minutes, back = path.shares
        enrollment_id, noted = path.known.enrollment_id, (minutes, back, path.planned_at.date())
        if not minutes or self._noted.get(enrollment_id) == noted:
            return

        async def note() -> None:
            try:
                async with asyncio.timeout(_NOTE_SECONDS), work.apart() as connection:
                    repository = PathRepository(connection, enrollment_id)
                    if await repository.hold_person(principal.user_id):
                        await repository.note_advice(
                            org_id=work.org_id, user_id=principal.user_id, course_id=course_id, minutes=minutes,
                            minutes_back=back,
                        )  # fmt: skip
                self._noted[enrollment_id] = noted
                if len(self._noted) > _KEPT_NOTES:
                    self._noted.popitem(last=False)
            except (StoreError, TimeoutError) as error:
                log.info("advice was not kept", cause=type(error).__name__)
            finally:
                self._noting.discard(enrollment_id)

        async def begin() -> None:
            if enrollment_id not in self._noting and len(self._noting) < _NOTES_AT_ONCE:
                self._noting.add(enrollment_id)
                self._spawn(note())

        work.after_commit(begin)

    async def _outlined(self, repository: PathRepository, known: Known) -> tuple[Outline, ...]:
        version_id = known.standing.version_id
        assert version_id is not None
        if version_id not in self._outlines:
            self._outlines[version_id] = outlines(await repository.content(version_id))
            if len(self._outlines) > _KEPT_VERSIONS:
                self._outlines.popitem(last=False)
        self._outlines.move_to_end(version_id)
        return self._outlines[version_id]


def _said(path: Path) -> tuple[list[str], set[str]]:
    """The reasons of a path, and the names in them."""
    return [step.reason for step in path.steps], {*path.titles.values(), *path.known.titles.values()}


def _judged(path: Path, withheld: set[str]) -> Path:
    if not withheld:
        return path
    return replace(path, steps=[replace(one, reason="") if one.reason in withheld else one for one in path.steps])


def _secure(known: Known) -> set[str]:
    return {one.skill for one in known.skills if one.level is Level.SECURE}


def _chances(known: Known) -> dict[str, float]:
    """Of skills that were answered. One lucky answer makes nothing secure, however sure the tracing is."""
    return {
        one.skill: one.known if one.level is Level.SECURE else min(one.known, _JUST_BELOW_SECURE)
        for one in known.skills
        if one.level is not Level.UNSEEN
    }


def _seen(completed: Mapping[str, datetime], reviews: Sequence[Mapping[str, Any]], now: datetime) -> list[Seen]:
    """Where each unit that was done stands: by when it was completed, how its quiz went, what the learner said.

    To complete a unit is to have seen it. Of a quiz its attempts say so, and how well it went.
    """
    attempted = {str(one["unit_id"]) for one in reviews if one["rating"] is None}
    of_unit = {id: [] if id in attempted else [Review(at, RATED["good"])] for id, at in completed.items()}
    for one in reviews:
        if (id := str(one["unit_id"])) in of_unit:
            of_unit[id].append(Review(one["at"], one["share"] if one["rating"] is None else RATED[one["rating"]]))
    found = [seen(id, own, now) for id, own in of_unit.items()]
    return sorted((one for one in found if one is not None), key=lambda one: (one.due, one.unit_id))


def _closed(
    outlined: Sequence[Outline], completed: Collection[str], used: Mapping[str, int], awaiting: Collection[str]
) -> set[str]:
    """Units in which nothing can be done now: quizzes without an attempt left, work that is done or waits for a grade.
    Work whose grade is not enough can be handed in again.
    """
    return {
        one.id
        for one in outlined
        if (one.kind == "assignment" and (one.id in completed or one.id in awaiting))
        or (one.attempts_allowed is not None and used.get(one.id, 0) >= one.attempts_allowed)
    }
