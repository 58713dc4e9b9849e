"""Proposing content for a draft: quizzes, units, rubrics, outlines, improvements. Authors decide what comes of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import asdict
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

from deployments.courses.errors import NothingToPropose
from deployments.courses.outlines import MAXIMUM_MODULES, MAXIMUM_UNITS, Draft, Unit
from deployments.courses.proposal_schemas import (
    FindingView,
    ImprovementView,
    ProposalView,
    Wanted,
    WantedImprovements,
    WantedOutline,
    WantedQuiz,
    WantedRubric,
    WantedUnit,
)
from deployments.courses.quizzes import EssayMarking
from deployments.courses.repository.drafts import DraftRepository
from deployments.courses.schemas import ModuleCreate, UnitCreate
from deployments.courses.service.access import taught_course
from deployments.kit.errors import UnitNotFound
from deployments.kit.principal import Principal
from deployments.kit.work import Work
from learning.embedding.embedder import Embedder
from stores.postgres import Database

if TYPE_CHECKING:
    from learning.content.checks import Finding
    from learning.content.material import Source
    from learning.content.questions import Embed, Item

METHOD, VERSION = "extractive", "1"
T = TypeVar("T")


class Proposals:
    """Computes beside the event loop and holds no connection while it does."""

    def __init__(self, embedder: Embedder, database: Database) -> None:
        self._embedder = embedder
        self._database = database

    async def propose(self, principal: Principal, course_id: UUID, wanted: Wanted) -> ProposalView:
        """A proposal with its checks.

        Raises `CourseNotFound`, `NotYourCourse`, `UnitNotFound`, `NothingToPropose`.
        """
        async with Work(self._database, principal.org_id, "courses", readonly=True) as work:
            course = await taught_course(work, principal, course_id, lock=False)
            draft = await DraftRepository(await work.connection(), principal.org_id, course_id).read()
        match wanted.root:
            case WantedQuiz() as asked:
                return await self._quiz(draft, asked)
            case WantedUnit() as asked:
                return await asyncio.to_thread(_unit, draft, asked, course.difficulty)
            case WantedRubric() as asked:
                return await asyncio.to_thread(_rubric, draft, asked)
            case WantedImprovements() as asked:
                return await asyncio.to_thread(_improvements, draft, asked, course.difficulty)
            case WantedOutline() as asked:
                return await self._outline(draft, asked, course.difficulty)

    async def _quiz(self, draft: Draft, asked: WantedQuiz) -> ProposalView:
        from learning.content.checks import check_items
        from learning.content.questions import Pool, items

        chosen, everything = _texts(draft, asked.unit_ids), _texts(draft, None)
        if not chosen:
            raise NothingToPropose("The draft has no texts to ask about")
        before = _prompts(draft)
        found = await self._with_model(
            lambda embed: items(chosen, asked.questions, Pool.of(everything, embed), asked=before)
        )
        if not found:
            raise NothingToPropose("No sentence of the texts makes a question with three other terms to choose from")
        return ProposalView(
            kind="quiz",
            unit=_dumped(UnitCreate.model_validate(quiz_unit(asked.title, found))),
            checks=_views(await asyncio.to_thread(check_items, found, chosen, before)),
            sources=[UUID(one.source) for one in found],
            made_by=self._made_by(),
        )

    async def _outline(self, draft: Draft, asked: WantedOutline, difficulty: str) -> ProposalView:
        from learning.content.documents import checked, modules_of
        from learning.content.material import Source
        from learning.content.outlines import outline

        source = Source("text", asked.title, asked.text)
        made = await self._with_model(lambda embed: outline([source], embed, questions=asked.questions))
        if not made:
            raise NothingToPropose("The text has nothing but headings")
        if len(made) > MAXIMUM_MODULES or sum(len(one.units) + 1 for one in made) > MAXIMUM_UNITS:
            raise NothingToPropose("The text has more sections than a course may have; bring it in parts")
        there = _texts(draft, None)
        findings = await asyncio.to_thread(checked, made, difficulty, there, _prompts(draft))
        modules = [ModuleCreate.model_validate(one) for one in modules_of(made)]
        return ProposalView(
            kind="outline", modules=[_dumped(one) for one in modules], checks=_views(findings), sources=[],
            made_by=self._made_by(),
        )  # fmt: skip

    async def _with_model(self, work: Callable[[Embed | None], T]) -> T:
        if self._embedder.problem is not None:
            return await asyncio.to_thread(work, None)
        model = await self._embedder.run(lambda loaded: loaded)  # several threads may use it; its own stays free
        return await asyncio.to_thread(work, model.embed)

    def _made_by(self) -> dict[str, Any]:
        return {**_MADE_BY, "distractors_by_meaning": self._embedder.problem is None}


_MADE_BY = {"method": METHOD, "version": VERSION, "data": "the course's own words"}


def _unit(draft: Draft, asked: WantedUnit, difficulty: str) -> ProposalView:
    from learning.content.checks import check_text
    from learning.content.documents import title_of
    from learning.content.summaries import key_points

    chosen = _texts(draft, asked.unit_ids)
    points = key_points(chosen, asked.topic)
    if not points:
        raise NothingToPropose("The texts have no sentences to take")
    titles = {source.key: source.title for source in chosen}
    parts = ["\n".join([f"## {titles[key]}", "", *(f"- {point.text}" for point in own)]) for key, own in points.items()]
    body = "\n\n".join(parts)
    said = {source.key: source.markdown for source in chosen}
    grounded = all(_squeezed(point.text) in _squeezed(said[key]) for key, own in points.items() for point in own)
    findings = [
        FindingView(check="grounding", passed=grounded, where="unit", note="sentences of the units it is made of"),
        *_views(check_text(body, "unit", difficulty, [])),
    ]
    return ProposalView(
        kind="unit",
        unit=_dumped(UnitCreate(kind="text", title=title_of(asked.topic), body=body)),
        checks=findings,
        sources=[UUID(key) for key in points],
        made_by=_MADE_BY,
    )


def _rubric(draft: Draft, asked: WantedRubric) -> ProposalView:
    from learning.content.documents import title_of
    from learning.content.rubrics import drafted

    unit = _of(draft, asked.unit_id)
    if unit.assignment is None:
        raise NothingToPropose("Rubrics are for assignments")
    maximum = Decimal(str(unit.assignment["maximum_points"]))
    rubric = drafted(unit.assignment["instructions"], maximum)
    if rubric is None:
        raise NothingToPropose("The instructions demand nothing in words that are understood")
    criteria = [
        {
            "title": title_of(one.title, 300),
            "points": one.points,
            "aspect": one.aspect,
            "looks_for": [title_of(text, 500) for text in one.looks_for],
        }
        for one in rubric.criteria
    ]
    marking = EssayMarking.model_validate(
        {"kind": "essay", "criteria": criteria, "minimum_words": rubric.minimum_words}
    )
    total = sum(Decimal(str(one.points)) for one in rubric.criteria)
    said = _squeezed(unit.assignment["instructions"])
    content = [one for one in rubric.criteria if one.aspect == "content"]
    grounded = all(_squeezed(one.title.rstrip(".")) in said for one in content)
    findings = [
        FindingView(check="grounding", passed=grounded, where="criteria", note="in the words of the instructions"),
        FindingView(
            check="answerability", passed=total == maximum, where="points",
            note=f"the criteria add up to {total:f} of {maximum:f}",
        ),
    ]  # fmt: skip
    return ProposalView(kind="rubric", marking=_dumped(marking), checks=findings, sources=[unit.id], made_by=_MADE_BY)


def _improvements(draft: Draft, asked: WantedImprovements, difficulty: str) -> ProposalView:
    from learning.content.checks import check_text
    from learning.content.improving import improvements
    from learning.content.material import Source

    unit = _of(draft, asked.unit_id)
    if unit.kind != "text":
        raise NothingToPropose("Improvements are for texts")
    others = [one for one in _texts(draft, None) if one.key != str(unit.id)]
    own = Source(str(unit.id), unit.title, unit.body)
    quizzed = any(one.quiz is not None and one.module_id == unit.module_id for one in draft.units)
    found = improvements(own, others, difficulty, has_quiz=quizzed)
    return ProposalView(
        kind="improvements",
        improvements=[ImprovementView(**asdict(one)) for one in found],
        checks=_views(check_text(unit.body, unit.title, difficulty, others)),
        sources=[unit.id],
        made_by=_MADE_BY,
    )


def quiz_unit(title: str, items: Sequence[Item]) -> dict[str, Any]:
    """A quiz as the draft takes it."""
    from learning.content.documents import quiz_of

    return {"kind": "quiz", "title": title, "quiz": quiz_of(items)}


def _texts(draft: Draft, wanted: Sequence[UUID] | None) -> list[Source]:
    from learning.content.material import Source

    by_id = {unit.id: unit for unit in draft.units}
    if wanted is not None and (set(wanted) - set(by_id)):
        raise UnitNotFound()
    chosen = draft.units if wanted is None else [by_id[one] for one in dict.fromkeys(wanted)]
    return [Source(str(unit.id), unit.title, unit.body) for unit in chosen if unit.body.strip()]


def _of(draft: Draft, unit_id: UUID) -> Unit:
    found = next((unit for unit in draft.units if unit.id == unit_id), None)
    if found is None:
        raise UnitNotFound()
    return found


def _prompts(draft: Draft) -> list[str]:
    return [question["prompt"] for unit in draft.units if unit.quiz for question in unit.quiz["questions"]]


def _views(findings: Sequence[Finding]) -> list[FindingView]:
    return [FindingView(**asdict(one)) for one in findings]


def _dumped(model: Any) -> dict[str, Any]:
    found: dict[str, Any] = model.model_dump(mode="json")
    return found


def _squeezed(text: str) -> str:
    from learning.content.checks import squeezed

    return squeezed(text)
