"""Every action that the audit log tells of.

What services publish as events about people, their sessions and organisations is written to the audit log by itself
(`deployments.kit.work`), and so are a few others; an action is then the event's name. The rest is named here.
"""

from __future__ import annotations

from collections.abc import Mapping

from stores.events.catalogue import CATALOGUE

_TOPIC = "user_events"
_BESIDES = {
    "course.published",
    "course.archived",
    "course.deleted",
    "submission.graded",
    "grade.suggested",
    "grade_suggestion.decided",
    "grade.appealed",
    "grade_appeal.decided",
    "agent_task.created",
    "agent_task.ended",
}

# By type of event, with its version: the action that it is.
AUDITED: Mapping[str, str] = {
    type: declared.name for type, declared in CATALOGUE.items() if declared.topic == _TOPIC or declared.name in _BESIDES
}

_OWN = {
    "refresh_token.reused": "A spent refresh token came again, and its session was ended: one of the two was stolen",
    "person.exported": "All that is held on a person was handed out",
    "signing_key.rotated": "A new key signs from a minute on",
    "data_key.rotated": "What is sealed was sealed again under another data key",
    "audit.exported": "Entries of this log were handed out",
    "audit.accepted": "A chain that did not hold was continued all the same",
    "api_key.created": "A key for language models was made",
    "api_key.revoked": "A key for language models was revoked",
    "constitution.proposed": "A new version of the organisation's constitution was written",
    "constitution.tried": "A version was tried on past plans",
    "constitution.activated": "A version came into force",
    "automated_decisions.stopped": "Automated decisions of a kind were stopped, by their figures or by a person",
    "automated_decisions.released": "A person let automated decisions of a kind go on",
    "learning_model.waived": "A model may serve though a condition of its gate could not be measured",
    "approval.asked": "A task asked people for approval",
    "approval.escalated": "Nobody answered a task in time, and others are asked too",
    "approval.decided": "Somebody approved, refused or edited what a task asked",
    "approval.denied": "Somebody tried to answer what they were not asked, had asked for themselves, or by a task",
    "agent_task.retried": "A task that had stopped goes on",
    "plan.replaced": "A task's plan was made anew, and what was approved of the former counts no more",
    "plan.judged": "The governor judged a plan",
    "call.judged": "The governor judged a step about to be executed",
    "text.judged": "The governor found something in a text to or from a model",
}

ACTIONS: Mapping[str, str] = {**{CATALOGUE[type].name: CATALOGUE[type].description for type in AUDITED}, **_OWN}
