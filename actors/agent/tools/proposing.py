"""Tools that have content proposed for a course's draft, and put what was approved into it."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from actors.agent.errors import ToolFailed
from actors.agent.origins import Editable, From, Takes
from actors.agent.tools.base import Arguments, Result, Services, Tool
from learning.governance.vocabulary import ApprovalKind, DataClass, Effect, Origin

_IDS = Takes(Origin.ASKER, Origin.ORGANISATION)
_WORDS = Takes(Origin.ASKER, Origin.ORGANISATION, Origin.COURSE_TEXT, Origin.MODEL, Origin.TOOL)
_MADE_OF = (Origin.COURSE_TEXT, Origin.MODEL, Origin.TOOL)  # a model's too: which it was, is known afterwards
_DECISIVE = {"grounding", "answerability"}
Content = dict[str, Any]


class WantedContent(Arguments):
    course_id: Annotated[UUID, _IDS]
    wanted: Annotated[Content, _WORDS]


class Proposal(Result):
    """Made of the course's own words, of a text that the asker brought, or of a model's words that hold."""

    unit: Annotated[Content | None, From(*_MADE_OF, inputs=True)] = None
    modules: Annotated[tuple[Content, ...] | None, From(*_MADE_OF, inputs=True)] = None
    marking: Annotated[Content | None, From(*_MADE_OF, inputs=True)] = None
    improvements: Annotated[tuple[Content, ...] | None, From(*_MADE_OF)] = None
    checks: Annotated[tuple[Content, ...], From(*_MADE_OF)]
    sources: Annotated[tuple[UUID, ...], From(Origin.ORGANISATION)]
    made_by: Content


async def _propose(services: Services, asked: WantedContent) -> Proposal:
    told = Proposal.model_validate(await services.post(f"/api/courses/{asked.course_id}/proposals", asked.wanted))
    for check in told.checks:
        if check["check"] in _DECISIVE and not check["passed"]:
            raise ToolFailed(f"{check['where']} fails the check of {check['check']}", problem="draft-not-sound")
    return told


PROPOSE = Tool(
    name="propose_content",
    description="Propose a quiz, a unit, a rubric, an outline or improvements, checked; nothing is written",
    permission="courses.write",
    also_needs=frozenset({"llm.use"}),  # the service's own model, if it has one, is asked as the author
    effect=Effect.DRAFT,
    data=frozenset({DataClass.COURSE}),
    arguments=WantedContent,
    result=Proposal,
    run=_propose,
    timeout_seconds=60.0,
)


class ProposedUnit(Arguments):
    course_id: Annotated[UUID, _IDS]
    module_id: Annotated[UUID, _IDS]
    unit: Annotated[Content, _WORDS, Editable(), Field(max_length=10)]


class Added(Result):
    ids: Annotated[tuple[UUID, ...], From(Origin.ORGANISATION)]


async def _unit(services: Services, asked: ProposedUnit) -> Added:
    path = f"/api/courses/{asked.course_id}/modules/{asked.module_id}/units"
    made = await services.post(path, asked.unit)
    return Added(ids=(made["id"],))


ADD_UNIT = Tool(
    name="add_proposed_unit",
    description="Append a proposed unit to a module of the draft of a course",
    permission="courses.write",
    effect=Effect.WRITE,
    data=frozenset({DataClass.COURSE}),
    approval=ApprovalKind.CONTENT_GENERATION,
    arguments=ProposedUnit,
    result=Added,
    run=_unit,
)


class ProposedModules(Arguments):
    course_id: Annotated[UUID, _IDS]
    modules: Annotated[tuple[Content, ...], _WORDS, Editable(), Field(min_length=1, max_length=50)]


async def _modules(services: Services, asked: ProposedModules) -> Added:
    path = f"/api/courses/{asked.course_id}/modules"
    made = [await services.post(path, one, part=str(number)) for number, one in enumerate(asked.modules)]
    return Added(ids=tuple(one["id"] for one in made))


ADD_MODULES = Tool(
    name="add_proposed_modules",
    description="Append proposed modules to the draft of a course",
    permission="courses.write",
    effect=Effect.WRITE,
    data=frozenset({DataClass.COURSE}),
    approval=ApprovalKind.CONTENT_GENERATION,
    arguments=ProposedModules,
    result=Added,
    run=_modules,
    timeout_seconds=60.0,
)
