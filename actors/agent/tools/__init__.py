"""Every tool there is, by name."""

from __future__ import annotations

from collections.abc import Mapping

from actors.agent.tools import (
    authoring,
    figures,
    learning,
    marking,
    predicting,
    proposing,
    reading,
    records,
    teaching,
    tutoring,
)
from actors.agent.tools.base import AnyTool

_TOOLS: tuple[AnyTool, ...] = (
    reading.READ_CONTENT,
    reading.READ_OWN_PROGRESS,
    learning.READ_OWN_PATH,
    tutoring.BEGIN,
    tutoring.ASK,
    predicting.READ_RISKS,
    records.READ_RECORD,
    records.READ_SUBMISSION,
    authoring.DRAFT_NOTES,
    authoring.ADD_MODULE,
    authoring.ADD_UNIT,
    teaching.GRADE,
    proposing.PROPOSE,
    proposing.ADD_UNIT,
    proposing.ADD_MODULES,
    marking.SUGGEST,
    marking.GIVE,
    teaching.ENROL,
    teaching.MESSAGE,
    figures.READ_FIGURES,
)

TOOLS: Mapping[str, AnyTool] = {tool.name: tool for tool in _TOOLS}
