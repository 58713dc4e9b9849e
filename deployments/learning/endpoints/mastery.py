"""What learners know, and what of a course is which skill."""

from __future__ import annotations

from uuid import UUID

from deployments.kit.paging import Page, decode_cursor, split_page
from deployments.kit.parameters import CurrentPrincipal, CurrentWork, Cursor, Limit
from deployments.kit.routes import service_router
from deployments.learning.endpoints.common import PREFIX, Learning
from deployments.learning.knowledge_schemas import (
    CourseMastery,
    LearnerView,
    OwnCourseMastery,
    OwnMastery,
    SkillLearnerView,
    SkillsDeclare,
    SkillsView,
)

router = service_router(PREFIX)


@router.get("/mastery", summary="How far one is in the courses in which one has results")
async def own_courses(
    principal: CurrentPrincipal, work: CurrentWork, learning: Learning, limit: Limit = 50
) -> OwnMastery:
    found = await learning.mastery.own_courses(work, principal, limit)
    return OwnMastery(items=[OwnCourseMastery.of(course) for course in found])


@router.get("/courses/{course_id}/mastery", summary="What one knows of a course, in words")
async def own_mastery(
    course_id: UUID, principal: CurrentPrincipal, work: CurrentWork, learning: Learning
) -> CourseMastery:
    return CourseMastery.of(await learning.mastery.own_explained(work, principal, course_id))


@router.get("/courses/{course_id}/learners", summary="What the learners of a course have shown they know")
async def learners(
    course_id: UUID,
    principal: CurrentPrincipal,
    work: CurrentWork,
    learning: Learning,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[LearnerView]:
    after = decode_cursor(cursor, UUID)
    found, titles = await learning.mastery.learners(work, principal, course_id, after[0] if after else None, limit + 1)
    kept, following = split_page(found, limit, lambda learner: (learner.enrollment_id,))
    return Page(items=[LearnerView.of(learner, dict(titles)) for learner in kept], next_cursor=following)


@router.get("/courses/{course_id}/learners/{user_id}/mastery", summary="What a learner knows of a course, in words")
async def learner_mastery(
    course_id: UUID, user_id: UUID, principal: CurrentPrincipal, work: CurrentWork, learning: Learning
) -> CourseMastery:
    return CourseMastery.of(await learning.mastery.learner_explained(work, principal, course_id, user_id))


@router.get("/courses/{course_id}/skills", summary="The skills of a course in figures")
async def skills(course_id: UUID, principal: CurrentPrincipal, work: CurrentWork, learning: Learning) -> SkillsView:
    return SkillsView.of(await learning.mastery.skills(work, principal, course_id))


@router.put("/courses/{course_id}/skills", summary="Declare the skills of a course")
async def declare_skills(
    course_id: UUID, body: SkillsDeclare, principal: CurrentPrincipal, work: CurrentWork, learning: Learning
) -> SkillsView:
    await learning.mastery.declare(work, principal, course_id, [skill.read() for skill in body.skills])
    return SkillsView.of(await learning.mastery.skills(work, principal, course_id))


@router.delete("/courses/{course_id}/skills", status_code=204, summary="Let the modules be the skills again")
async def withdraw_skills(course_id: UUID, principal: CurrentPrincipal, work: CurrentWork, learning: Learning) -> None:
    await learning.mastery.withdraw(work, principal, course_id)


@router.get("/courses/{course_id}/skills/{skill_id}/learners", summary="A skill's learners, the least sure first")
async def skill_learners(
    course_id: UUID,
    skill_id: UUID,
    principal: CurrentPrincipal,
    work: CurrentWork,
    learning: Learning,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[SkillLearnerView]:
    position = decode_cursor(cursor, float, UUID)
    found = await learning.mastery.learners_of_skill(work, principal, course_id, skill_id, position, limit + 1)
    kept, following = split_page(found, limit, lambda learner: (learner.known, learner.enrollment_id))
    return Page(items=[SkillLearnerView.of(learner) for learner in kept], next_cursor=following)
