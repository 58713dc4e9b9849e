"""What learners know, and the skills of courses, as requests and answers have them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from deployments.learning.knowledge import Learner, OwnCourse, SkillLearner
from deployments.learning.mastery import CourseSkills, Known, NewSkill

LevelName = Literal["unseen", "beginning", "growing", "secure"]
Key = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(?:[-._][a-z0-9]+)*$", max_length=100)]
SkillTitle = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00]*$")
]


class MadeBy(BaseModel):
    """How a result was made."""

    model: str = Field(description="The model whose parameters served; `knowledge-default` has typical values")
    method: str = "Bayesian knowledge tracing with forgetting"
    answers: int = Field(description="From so many answers of the learner")
    at: datetime | None = Field(description="When they were traced last; null where there were none")


class SkillMastery(BaseModel):
    skill_id: UUID
    title: str
    level: LevelName
    known: float = Field(description="The chance that the skill is known")
    next_right: float = Field(description="The chance that the next question on it is answered rightly")
    answers: int
    right: int
    last_answer_at: datetime | None
    explanation: str


class CourseMastery(BaseModel):
    course_id: UUID
    user_id: UUID
    skills: list[SkillMastery] = Field(description="All of the version that the learner takes, in its order")
    made_by: MadeBy

    @classmethod
    def of(cls, known: Known) -> Self:
        standing = known.standing
        made_by = MadeBy(model=known.model, answers=standing.answers or 0, at=standing.traced_at)
        skills = [
            SkillMastery(
                skill_id=UUID(one.skill), title=known.titles[one.skill], level=one.level.value,
                known=round(one.known, 4), next_right=round(one.next_right, 4), answers=one.answers, right=one.right,
                last_answer_at=known.last.get(one.skill), explanation=one.explanation,
            )
            for one in known.skills
        ]  # fmt: skip
        assert standing.user_id is not None
        return cls(course_id=standing.course_id, user_id=standing.user_id, skills=skills, made_by=made_by)


class OwnCourseMastery(BaseModel):
    course_id: UUID
    title: str
    answers: int
    traced_at: datetime
    levels: dict[LevelName, int] = Field(description="How many skills are at each level")

    @classmethod
    def of(cls, course: OwnCourse) -> Self:
        return cls(**{name: getattr(course, name) for name in cls.model_fields})


class OwnMastery(BaseModel):
    items: list[OwnCourseMastery]


class AnsweredSkill(BaseModel):
    skill_id: UUID
    title: str
    level: LevelName
    known: float
    answers: int
    right: int
    last_answer_at: datetime


class LearnerView(BaseModel):
    user_id: UUID
    enrollment_id: UUID
    answers: int
    traced_at: datetime | None
    skills: list[AnsweredSkill] = Field(description="Those that were answered")

    @classmethod
    def of(cls, learner: Learner, titles: dict[str, str]) -> Self:
        return cls(
            user_id=learner.user_id, enrollment_id=learner.enrollment_id, answers=learner.answers or 0,
            traced_at=learner.traced_at,
            skills=[
                AnsweredSkill(**skill, title=titles[skill["skill_id"]])
                for skill in learner.skills
                if skill["skill_id"] in titles
            ],
        )  # fmt: skip


class SkillLearnerView(BaseModel):
    user_id: UUID
    enrollment_id: UUID
    level: LevelName
    known: float
    answers: int
    right: int
    last_answer_at: datetime

    @classmethod
    def of(cls, learner: SkillLearner) -> Self:
        return cls(**{name: getattr(learner, name) for name in cls.model_fields})


class SkillView(BaseModel):
    skill_id: UUID
    title: str
    units: list[UUID]
    questions: list[UUID]
    after: list[UUID]
    learners: int = Field(description="How many have answered something on it")
    known: float | None = Field(description="The mean chance that it is known, of those")
    answers: int
    right: int
    beginning: int
    growing: int
    secure: int


class SkillsView(BaseModel):
    declared: bool = Field(description="false: each module with a quiz or an assignment is a skill")
    revision: int | None
    learners: int = Field(description="How many take or took the course")
    skills: list[SkillView]
    model: str
    fitted: dict[str, Any] | None = Field(description="What the model's parameters were made of; null: typical values")

    @classmethod
    def of(cls, course: CourseSkills) -> Self:
        skills = [
            SkillView(
                skill_id=UUID(one.skill.id), title=one.skill.title, units=sorted(map(UUID, one.skill.units)),
                questions=sorted(map(UUID, one.skill.questions)), after=[UUID(id) for id in one.skill.after],
                known=one.figures.get("known"),
                **{name: one.figures.get(name) or 0 for name in _FIGURES},
            )
            for one in course.skills
        ]  # fmt: skip
        common = {name: getattr(course, name) for name in ("declared", "revision", "learners", "model", "fitted")}
        return cls(**common, skills=skills)


_FIGURES = ("learners", "answers", "right", "beginning", "growing", "secure")


class SkillDeclaration(BaseModel):
    model_config = ConfigDict(extra="forbid")

    key: Key = Field(description="What it is known by; mastery stays with the key when it is declared again")
    title: SkillTitle
    units: list[UUID] = Field(default=[], max_length=1_000, description="Units that teach it or ask for it")
    questions: list[UUID] = Field(
        default=[], max_length=2_000, description="Questions of quizzes that ask for it, whatever their unit says"
    )
    after: list[Key] = Field(default=[], max_length=50, description="Keys of skills that it builds on")

    def read(self) -> NewSkill:
        return NewSkill(key=self.key, title=self.title, units=self.units, questions=self.questions, after=self.after)


class SkillsDeclare(BaseModel):
    model_config = ConfigDict(extra="forbid")

    skills: list[SkillDeclaration] = Field(min_length=1, max_length=200)
