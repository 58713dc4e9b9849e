"""Every type of event there is."""

from __future__ import annotations

from collections.abc import Mapping

from stores.events.ai_events import AI_EVENTS
from stores.events.analytics_events import ANALYTICS_EVENTS
from stores.events.course_events import COURSE_EVENTS
from stores.events.declarations import EventType
from stores.events.enrollment_events import ENROLLMENT_EVENTS
from stores.events.user_events import USER_EVENTS

_DECLARED = (*USER_EVENTS, *COURSE_EVENTS, *ENROLLMENT_EVENTS, *AI_EVENTS, *ANALYTICS_EVENTS)

# By name and version: "enrollment.created.v1".
CATALOGUE: Mapping[str, EventType] = {declared.type: declared for declared in _DECLARED}
NAMES: frozenset[str] = frozenset(declared.name for declared in _DECLARED)
