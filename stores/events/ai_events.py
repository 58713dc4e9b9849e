"""What language models were asked for, and what it cost."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import Field

from stores.events.declarations import Count, EventData, EventType, Word

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


AI_EVENTS = (
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
