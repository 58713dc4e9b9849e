"""What learners know: who sees it, and what counts as which skill."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from graphlib import CycleError, TopologicalSorter
from typing import Any
from uuid import UUID

from actors.learner_model.reading import Reader, Tracer
from deployments.kit.errors import CourseNotFound, Invalid
from deployments.kit.judging import Edge, Ruling, withheld_of
from deployments.kit.principal import Principal
from deployments.kit.work import Work
from deployments.learning.authority import reached
from deployments.learning.errors import LearnerNotFound, NotLearning, NoVersionYet, SkillNotFound
from deployments.learning.knowledge import KnowledgeRepository, Learner, OwnCourse, SkillLearner, Standing
from deployments.learning.repository import LearningRepository
from learning.knowledge.history import History
from learning.knowledge.mastery import Mastery, mastery
from learning.knowledge.model import DEFAULT
from learning.knowledge.skills import CourseSkill, SkillMap, question_ids, skill_id


@dataclass(frozen=True, kw_only=True)
class Known:
    """What one learner knows of a course. `last`: when a skill was last asked for, by its id."""

    standing: Standing
    skills: Sequence[Mastery]
    map: SkillMap
    titles: Mapping[str, str]
    last: Mapping[str, datetime]
    model: str

    @property
    def enrollment_id(self) -> UUID:
        """Of the learner, who has a seat."""
        assert self.standing.enrollment_id is not None
        return self.standing.enrollment_id


@dataclass(frozen=True, kw_only=True)
class SkillFigures:
    """A skill of a course with the figures of all who answered something on it."""

    skill: CourseSkill
    figures: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class CourseSkills:
    """A course's skills. `fitted` tells what their parameters were made of; None for typical values."""

    declared: bool
    revision: int | None
    learners: int
    skills: Sequence[SkillFigures]
    model: str
    fitted: Mapping[str, Any] | None


@dataclass(frozen=True, kw_only=True)
class NewSkill:
    """A skill as an instructor declares it; `after` names others by their keys."""

    key: str
    title: str
    units: Sequence[UUID]
    questions: Sequence[UUID]
    after: Sequence[str]


class MasteryRules:
    def __init__(self, edge: Edge) -> None:
        self._reader = Reader(predicting=True)
        self._edge = edge

    async def own_courses(self, work: Work, principal: Principal, limit: int) -> list[OwnCourse]:
        """Courses in which one has results, the latest first."""
        return await KnowledgeRepository(await work.connection()).own_courses(principal.user_id, limit)

    async def own_explained(self, work: Work, principal: Principal, course_id: UUID) -> Known:
        """`own`, with the explanations that may go out."""
        ruling = await self._edge.ruling(work.org_id)
        return await _judged(work, ruling, await self.own(work, principal, course_id))

    async def learner_explained(self, work: Work, principal: Principal, course_id: UUID, user_id: UUID) -> Known:
        """`of_learner`, with the explanations that may go out."""
        ruling = await self._edge.ruling(work.org_id)
        return await _judged(work, ruling, await self.of_learner(work, principal, course_id, user_id))

    async def own(self, work: Work, principal: Principal, course_id: UUID) -> Known:
        """What one knows of a course, every skill of it, for rules. Raises `CourseNotFound`, `NotLearning`."""
        repository = KnowledgeRepository(await work.connection())
        standing = await repository.standing(course_id, principal.user_id)
        if standing is None or (standing.status == "draft" and standing.enrollment_id is None):
            raise CourseNotFound()
        if standing.enrollment_id is None:
            raise NotLearning()
        return await self.known(repository, standing)

    async def of_learner(self, work: Work, principal: Principal, course_id: UUID, user_id: UUID) -> Known:
        """The same of a learner of one's course. Raises `CourseNotFound`, `NotYourCourse`, `LearnerNotFound`."""
        repository = KnowledgeRepository(await work.connection())
        reached(principal, await LearningRepository(repository.connection).course(course_id))
        standing = await repository.standing(course_id, user_id)
        if standing is None or standing.enrollment_id is None:
            raise LearnerNotFound()
        return await self.known(repository, standing)

    async def learners(
        self, work: Work, principal: Principal, course_id: UUID, after: UUID | None, limit: int
    ) -> tuple[list[Learner], Mapping[str, str]]:
        """Learners of one's course, and what its skills are called. Raises `CourseNotFound`, `NotYourCourse`."""
        repository = KnowledgeRepository(await work.connection())
        reached(principal, await LearningRepository(repository.connection).course(course_id))
        found = await repository.learners(course_id, after, limit)
        tracer = await self._published(repository, course_id)
        return found, {skill.id: skill.title for skill in tracer.skills.skills} if tracer else {}

    async def learners_of_skill(
        self, work: Work, principal: Principal, course_id: UUID, skill: UUID, position: list[Any] | None, limit: int
    ) -> list[SkillLearner]:
        """Whoever knows it least first. Raises `CourseNotFound`, `NotYourCourse`, `SkillNotFound`."""
        repository = KnowledgeRepository(await work.connection())
        reached(principal, await LearningRepository(repository.connection).course(course_id))
        tracer = await self._published(repository, course_id)
        if tracer is None or str(skill) not in tracer.skills.by_id:
            raise SkillNotFound()
        return await repository.learners_of_skill(course_id, skill, limit, *(position or ()))

    async def skills(self, work: Work, principal: Principal, course_id: UUID) -> CourseSkills:
        """The skills of one's course in figures. Raises `CourseNotFound`, `NotYourCourse`, `NoVersionYet`."""
        repository = KnowledgeRepository(await work.connection())
        reached(principal, await LearningRepository(repository.connection).course(course_id))
        tracer = await self._published(repository, course_id)
        if tracer is None:
            raise NoVersionYet()
        learners, figures = await repository.skill_figures(course_id)
        declaration, fitted = await repository.declaration(course_id), await repository.model(course_id)
        return CourseSkills(
            declared=tracer.skills.declared,
            revision=declaration.revision if declaration else None,
            learners=learners,
            skills=[SkillFigures(skill=one, figures=figures.get(one.id, {})) for one in tracer.skills.skills],
            model=tracer.model.name,
            fitted={**fitted.about, "fitted_at": fitted.fitted_at} if fitted else None,
        )

    async def declare(self, work: Work, principal: Principal, course_id: UUID, skills: Sequence[NewSkill]) -> None:
        """Say what of one's course is which skill; its learners are traced anew.

        Raises `CourseNotFound`, `NotYourCourse`, `NoVersionYet`, and `Invalid` for what the published version lacks.
        """
        repository = KnowledgeRepository(await work.connection())
        reached(principal, await LearningRepository(repository.connection).course(course_id))
        published = await repository.published(course_id)
        if published is None:
            raise NoVersionYet()
        _check(skills, await repository.content(published))
        stored = [
            {
                "id": str(skill_id(course_id, skill.key)), "key": skill.key, "title": skill.title,
                "units": [str(id) for id in skill.units], "questions": [str(id) for id in skill.questions],
                "after": [str(skill_id(course_id, key)) for key in skill.after],
            }
            for skill in skills
        ]  # fmt: skip
        await repository.declare(course_id, work.org_id, stored, principal.user_id)
        await self._changed(work, repository, course_id, len(stored))

    async def withdraw(self, work: Work, principal: Principal, course_id: UUID) -> None:
        """Let the modules of one's course be its skills again. Raises `CourseNotFound`, `NotYourCourse`."""
        repository = KnowledgeRepository(await work.connection())
        reached(principal, await LearningRepository(repository.connection).course(course_id))
        if await repository.withdraw(course_id):
            await self._changed(work, repository, course_id, 0)

    async def tracer(self, repository: KnowledgeRepository, course_id: UUID, version_id: UUID) -> Tracer:
        """The skills of a version, and the parameters that serve."""
        found = await self._reader.sources(repository.connection, [(course_id, version_id)])
        return found[course_id, version_id]

    async def known(self, repository: KnowledgeRepository, standing: Standing) -> Known:
        """What a learner who has a seat knows."""
        assert standing.enrollment_id is not None
        assert standing.version_id is not None
        tracer = await self.tracer(repository, standing.course_id, standing.version_id)
        history = History.of(standing.history) if standing.history else History()
        return Known(
            standing=standing,
            skills=[mastery(tracer.model, history, skill.id, skill.title) for skill in tracer.skills.skills],
            map=tracer.skills,
            titles={skill.id: skill.title for skill in tracer.skills.skills},
            last=await repository.last_answers(standing.enrollment_id),
            model=_made_with(standing, tracer),
        )

    async def _published(self, repository: KnowledgeRepository, course_id: UUID) -> Tracer | None:
        published = await repository.published(course_id)
        return await self.tracer(repository, course_id, published) if published else None

    async def _changed(self, work: Work, repository: KnowledgeRepository, course_id: UUID, count: int) -> None:
        await repository.trace_anew(course_id, work.org_id)
        work.publish(
            "course_events", "skills.declared.v1", subject=course_id, key=course_id,
            data={"course_id": course_id, "skills": count},
        )  # fmt: skip


async def _judged(work: Work, ruling: Ruling, known: Known) -> Known:
    """Without the explanations that the constitution does not let out."""
    withheld = await withheld_of(work, ruling, (one.explanation for one in known.skills), known.titles.values())
    if not withheld:
        return known
    skills = [replace(one, explanation="") if one.explanation in withheld else one for one in known.skills]
    return replace(known, skills=skills)


def _made_with(standing: Standing, tracer: Tracer) -> str:
    """The model whose tracing is shown: after a new one was fitted, for a while still the one before."""
    if standing.history is None:
        return tracer.model.name
    return standing.traced_with or DEFAULT.name


def _check(skills: Sequence[NewSkill], content: Mapping[str, Any]) -> None:
    """Raises `Invalid` where keys repeat, or something is named that is not there."""
    units = {UUID(unit["id"]) for module in content["modules"] for unit in module["units"]}
    questions = {UUID(id) for id in question_ids(content)}
    keys = [skill.key for skill in skills]
    problems: list[dict[str, Any]] = []
    for place, skill in enumerate(skills):
        at = f"/body/skills/{place}"
        if skill.key in keys[:place]:
            problems.append({"pointer": f"{at}/key", "code": "repeated", "message": "names an earlier skill's key"})
        wrong: dict[str, Sequence[UUID | str]] = {
            "units": [id for id in skill.units if id not in units],
            "questions": [id for id in skill.questions if id not in questions],
            "after": [key for key in skill.after if key not in keys or key == skill.key],
        }
        problems += [
            {"pointer": f"{at}/{field}", "code": "unknown", "message": f"not in the published version: {odd[0]}"}
            for field, odd in wrong.items()
            if odd
        ]
    if not problems and _circular(skills):
        problems.append({"pointer": "/body/skills", "code": "circular", "message": "skills come after one another"})
    if problems:
        raise Invalid(problems[:50])


def _circular(skills: Sequence[NewSkill]) -> bool:
    try:
        TopologicalSorter({skill.key: skill.after for skill in skills}).prepare()
    except CycleError:
        return True
    return False
