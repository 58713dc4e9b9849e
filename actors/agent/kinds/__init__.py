"""Every kind of task there is, by name."""

from __future__ import annotations

from collections.abc import Mapping

from actors.agent.kinds import (
    apply_grades,
    ask_tutor,
    course_risks,
    draft_content,
    enrol_people,
    grade_submissions,
    learner_review,
    message_people,
    own_standing,
    own_words,
    revision_notes,
    study_overview,
    study_plan,
)
from actors.agent.kinds.base import AnyKind

_KINDS: tuple[AnyKind, ...] = (
    study_overview.KIND,
    own_standing.KIND,
    study_plan.KIND,
    ask_tutor.KIND,
    course_risks.KIND,
    learner_review.KIND,
    message_people.KIND,
    enrol_people.KIND,
    apply_grades.KIND,
    grade_submissions.KIND,
    draft_content.KIND,
    revision_notes.KIND,
    own_words.KIND,
)

KINDS: Mapping[str, AnyKind] = {kind.name: kind for kind in _KINDS}
