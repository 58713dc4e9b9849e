"""What language models were asked for, and what it cost."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import Field

from stores.events.declarations import Count, EventData, EventType, Points, Word

_Name = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[!-~]+$")]


class CompletionMetered(EventData):
    """`user_id`, `key_id` and `course_id` are null where nobody, no key, or no course was concerned. `feature` is what
    the call was for, `capability` what was asked of the model."""

    user_id: UUID | None
    course_id: UUID | None
    capability: Word
    provider: _Name
    model: _Name
    input_tokens: Count
    output_tokens: Count
    cost_microdollars: Count
    cached: bool
    latency_ms: Count
    outcome: Word
    key_id: UUID | None = None
    feature: Word | None = None


class TutorReplied(EventData):
    """`kind`: answer, hint or declined; `sources`: how many places of the material it names."""

    user_id: UUID
    course_id: UUID
    version_id: UUID
    kind: Word
    model: _Name
    sources: Count


class MasteryChanged(EventData):
    """`level` and `previous_level`: beginning, growing or secure; the latter is null at first. `model` is what the
    results were traced with."""

    user_id: UUID
    course_id: UUID
    enrollment_id: UUID
    skill_id: UUID
    level: Word
    previous_level: Word | None
    model: _Name


class LearningGoalsSet(EventData):
    """`minutes`: for one sitting."""

    user_id: UUID
    course_id: UUID
    skill_ids: list[UUID]
    minutes: Count


class UnitReviewed(EventData):
    """`rating`: again, hard, good or easy."""

    user_id: UUID
    course_id: UUID
    unit_id: UUID
    rating: Word


class AgentTask(EventData):
    """`course_id` is null where a task is about no course; `kind` and `status` are fixed words."""

    task_id: UUID
    user_id: UUID
    course_id: UUID | None
    kind: Word


class AgentTaskEnded(AgentTask):
    status: Word
    attempt: Count
    tokens: Count
    cost_microdollars: Count


class GradeSuggested(EventData):
    """`method`: references or rubric; `confidence_percent` after people's decisions; `needs_person`: too unsure."""

    user_id: UUID
    course_id: UUID
    unit_id: UUID
    submission_id: UUID
    suggestion_id: UUID
    method: Word
    model: _Name
    points: Points
    maximum_points: Points
    confidence_percent: Count
    needs_person: bool


class GradeSuggestionDecided(EventData):
    """`outcome`: accepted where a person gave the suggested points, overridden where they gave others."""

    user_id: UUID
    course_id: UUID
    unit_id: UUID
    submission_id: UUID
    suggestion_id: UUID
    method: Word
    outcome: Word
    suggested_points: Points
    points: Points
    maximum_points: Points


AI_EVENTS = (
    EventType(
        name="learning_goals.set",
        topic="ai_events",
        keyed_by="learner",
        description="A learner said what they want to learn, and in what time",
        data=LearningGoalsSet,
    ),
    EventType(
        name="unit.reviewed",
        topic="ai_events",
        keyed_by="learner",
        description="A learner said how well they remembered a unit",
        data=UnitReviewed,
    ),
    EventType(
        name="mastery.changed",
        topic="ai_events",
        keyed_by="learner",
        description="A learner has reached another level in a skill, or fallen back",
        data=MasteryChanged,
    ),
    EventType(
        name="grade.suggested",
        topic="ai_events",
        keyed_by="learner",
        description="A grade was suggested for a learner's work",
        data=GradeSuggested,
    ),
    EventType(
        name="grade_suggestion.decided",
        topic="ai_events",
        keyed_by="learner",
        description="A person graded work for which a grade had been suggested",
        data=GradeSuggestionDecided,
    ),
    EventType(
        name="agent_task.created",
        topic="ai_events",
        keyed_by="learner",
        description="A person has asked agents for something",
        data=AgentTask,
    ),
    EventType(
        name="agent_task.ended",
        topic="ai_events",
        keyed_by="learner",
        description="A task has succeeded, failed, been refused or cancelled; tokens and cost of all its attempts,"
        " where calls under way count at the most that they can come to: completion.metered tells what they did",
        data=AgentTaskEnded,
    ),
    EventType(
        name="completion.metered",
        topic="ai_events",
        keyed_by="learner",
        description="A model answered or failed; tokens, cost and latency",
        data=CompletionMetered,
    ),
    EventType(
        name="tutor.replied",
        topic="ai_events",
        keyed_by="learner",
        description="The tutor answered a learner, hinted, or declined to guess",
        data=TutorReplied,
    ),
)
