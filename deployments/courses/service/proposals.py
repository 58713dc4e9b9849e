"""Proposing content for a draft: quizzes, units, rubrics, outlines, improvements. Authors decide what comes of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from decimal import Decimal
from functools import lru_cache
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
from deployments.courses.service.sources import (
    among,
    criteria_besides,
    not_to_repeat,
    prompts,
    source_of,
    unit_in,
    weight_of,
)
from deployments.courses.service.writing import Author, Writer
from deployments.kit.judging import Edge, texts_in
from deployments.kit.lru import BoundedCache
from deployments.kit.principal import Principal
from deployments.kit.work import Work
from learning.embedding.embedder import Embedder
from stores import audit
from stores.postgres import Database

if TYPE_CHECKING:
    from learning.content.checks import Finding
    from learning.content.improving import Improvement
    from learning.content.material import Source, Statement
    from learning.content.questions import Embed, Item
    from learning.grading.rubrics import Rubric

_PROPOSED = {"unit", "modules", "marking", "improvements"}
METHOD, VERSION = "extractive", "3"
_MADE_BY = {"method": METHOD, "version": VERSION, "data": "the course's own words"}
_MOST_IMPROVEMENTS = 20
_REMEMBERED_FORMS = 128  # each some forty vectors, 60 KB
_REMEMBERED_BYTES = 16 * 1024 * 1024
T = TypeVar("T")


class Proposals:
    """Computes beside the event loop and holds no connection while it does, or while a model speaks.

    With a writer a model's words come first; what of them does not hold is made of the course's own words.
    """

    def __init__(self, embedder: Embedder, database: Database, writer: Writer | None = None) -> None:
        self._edge = Edge.of(database, "courses", "content")
        self._embedder = embedder
        self._database = database
        self._writer = writer
        self._embed_terms: Embed | None = None
        self._remembered: BoundedCache[UUID, Source] = BoundedCache(_REMEMBERED_BYTES, weight_of)

    async def propose(self, principal: Principal, token: str, course_id: UUID, wanted: Wanted) -> ProposalView:
        """A proposal with its checks. `token` is the author's own, for a model to be asked with.

        Raises `CourseNotFound`, `NotYourCourse`, `UnitNotFound`, `NothingToPropose`.
        """
        async with Work(self._database, principal.org_id, "courses", readonly=True) as work:
            course = await taught_course(work, principal, course_id, lock=False)
            draft = await DraftRepository(await work.connection(), principal.org_id, course_id).read()
        made = await self._made(Author(principal, token), draft, wanted, course.difficulty)
        await self._judged(principal, draft, wanted, made)
        return made

    async def _made(self, author: Author, draft: Draft, wanted: Wanted, difficulty: str) -> ProposalView:
        match wanted.root:
            case WantedQuiz() as asked:
                return await self._quiz(author, draft, asked, difficulty)
            case WantedUnit() as asked:
                return await self._unit(author, draft, asked, difficulty)
            case WantedRubric() as asked:
                return await self._rubric(author, draft, asked, difficulty)
            case WantedImprovements() as asked:
                return await self._improvements(author, draft, asked, difficulty)
            case WantedOutline() as asked:
                return await self._outline(author, draft, asked, difficulty)

    async def _judged(self, principal: Principal, draft: Draft, wanted: Wanted, made: ProposalView) -> None:
        """See that the constitution lets a proposal out as it is; what is in the draft the author knows already.

        Raises `NothingToPropose`.
        """
        ruling = await self._edge.ruling(principal.org_id)
        known = "\n".join([*texts_in(asdict(draft)), *texts_in(wanted.model_dump())])
        new = [text for text in texts_in(made.model_dump(include=_PROPOSED)) if text not in known]
        text = "\n".join(new)
        passed = await asyncio.to_thread(ruling.on, text, actor=principal.user_id, known=[known])
        if passed.entry is not None:
            async with self._database.transaction(principal.org_id) as connection:
                await audit.append(connection, [passed.entry])
        if passed.text != text:
            raise NothingToPropose("The organisation's constitution does not let out what would be proposed")

    async def _quiz(self, author: Author, draft: Draft, asked: WantedQuiz, difficulty: str) -> ProposalView:
        from learning.content.questions import Pool, items

        everything, before = self._texts(draft), prompts(draft)
        chosen = among(everything, draft, asked.unit_ids)
        if not chosen:
            raise NothingToPropose("The draft has no texts to ask about")
        worded: list[Item] = []
        said: dict[str, Any] = {}
        if self._writer is not None:
            worded, dropped = await self._writer.quiz(author, chosen, before, asked.questions, difficulty)
            said = {"by_model": len(worded), "left_out": dropped}
        there = [*before, *(text for one in worded for text in (one.prompt, one.statement))]
        rest = asked.questions - len(worded)
        found = await self._with_model(lambda embed: items(chosen, rest, Pool.of(everything, embed), asked=there))
        if not worded and not found:
            raise NothingToPropose("No sentence of the texts makes a question with three other terms to choose from")
        checks = await asyncio.to_thread(_quiz_checks, worded, found, chosen, before, difficulty)
        return ProposalView(
            kind="quiz",
            unit=_dumped(UnitCreate.model_validate(quiz_unit(asked.title, [*worded, *found]))),
            checks=_views(checks),
            sources=[UUID(one.source) for one in (*worded, *found)],
            made_by={**self._made_by(bool(worded)), **said, "distractors_by_meaning": self._embedder.problem is None},
        )

    async def _unit(self, author: Author, draft: Draft, asked: WantedUnit, difficulty: str) -> ProposalView:
        from learning.content.summaries import key_points

        everything = self._texts(draft)
        chosen = among(everything, draft, asked.unit_ids)
        points = await asyncio.to_thread(key_points, chosen, asked.topic)
        if not points:
            raise NothingToPropose("No text has a sentence to take, or none says anything of the topic")
        others = not_to_repeat(everything, points, asked.topic)
        if self._writer is not None:
            about = [source for source in chosen if source.key in points]
            embed = await self._embed()
            worded = await self._writer.unit(author, asked.topic, about, others, difficulty, embed)
            if worded is not None:
                text, checks = worded
                return ProposalView(
                    kind="unit", unit=unit_of(text.title, text.body), checks=_views(checks),
                    sources=[UUID(source.key) for source in about], made_by=self._made_by(True),
                )  # fmt: skip
        return await asyncio.to_thread(_unit, chosen, others, points, asked, difficulty, self._made_by(False))

    async def _rubric(self, author: Author, draft: Draft, asked: WantedRubric, difficulty: str) -> ProposalView:
        unit = unit_in(draft, asked.unit_id)
        if unit.assignment is None:
            raise NothingToPropose("Rubrics are for assignments")
        instructions, maximum = unit.assignment["instructions"], Decimal(str(unit.assignment["maximum_points"]))
        worded = None if self._writer is None else await self._writer.rubric(author, instructions, maximum)
        made_by = self._made_by(worded is not None)
        return await asyncio.to_thread(_rubric, draft, unit, worded, instructions, maximum, difficulty, made_by)

    async def _improvements(
        self, author: Author, draft: Draft, asked: WantedImprovements, difficulty: str
    ) -> ProposalView:
        unit = unit_in(draft, asked.unit_id)
        if unit.kind != "text":
            raise NothingToPropose("Improvements are for texts")
        worded: list[Improvement] = []
        if self._writer is not None:
            worded = await self._writer.rewordings(author, self._text(unit), difficulty, await self._embed())
        texts, made_by = self._texts(draft), self._made_by(bool(worded))
        return await asyncio.to_thread(_improvements, draft, unit, texts, worded, difficulty, made_by)

    async def _outline(self, author: Author, draft: Draft, asked: WantedOutline, difficulty: str) -> ProposalView:
        from learning.content.documents import checked, modules_of
        from learning.content.outlines import outline, unheaded

        source = source_of("text", asked.title, asked.text)
        parts = None
        if self._writer is not None and (paragraphs := await asyncio.to_thread(unheaded, source)):
            parts = await self._writer.arranged(author, paragraphs)
        made = await self._with_model(lambda embed: outline([source], embed, questions=asked.questions, arranged=parts))
        if not made:
            raise NothingToPropose("The text has nothing but headings")
        if len(made) > MAXIMUM_MODULES or sum(len(one.units) + 1 for one in made) > MAXIMUM_UNITS:
            raise NothingToPropose("The text has more sections than a course may have; bring it in parts")
        there = self._texts(draft)
        findings = await asyncio.to_thread(checked, made, difficulty, there, prompts(draft))
        modules = [ModuleCreate.model_validate(one) for one in modules_of(made)]
        return ProposalView(
            kind="outline", modules=[_dumped(one) for one in modules], checks=_views(findings), sources=[],
            made_by={**self._made_by(parts is not None), "distractors_by_meaning": self._embedder.problem is None},
        )  # fmt: skip

    def _texts(self, draft: Draft) -> list[Source]:
        """The texts of a draft, with what was worked out of them: between two proposals most stay as they are."""
        return [self._text(unit) for unit in draft.units if unit.body.strip()]

    def _text(self, unit: Unit) -> Source:
        known = self._remembered.get(unit.id)
        if known is not None and (known.title, known.markdown) == (unit.title, unit.body):
            return known
        made = source_of(str(unit.id), unit.title, unit.body)
        self._remembered.put(unit.id, made)
        return made

    async def _with_model(self, work: Callable[[Embed | None], T]) -> T:
        """With what embeds terms, and remembers those of the drafts that are worked on."""
        if self._embed_terms is None and (embed := await self._embed()) is not None:
            remembered = lru_cache(_REMEMBERED_FORMS)(embed)
            self._embed_terms = lambda terms: remembered(tuple(terms))
        return await asyncio.to_thread(work, self._embed_terms)

    async def _embed(self) -> Embed | None:
        if self._embedder.problem is not None:
            return None
        model = await self._embedder.run(lambda loaded: loaded)  # several threads may use it; its own stays free
        return model.embed

    def _made_by(self, worded: bool) -> dict[str, Any]:
        """How it was made; `model` is the one that was asked, whether or not its words held."""
        if self._writer is None:
            return dict(_MADE_BY)
        method = "model" if worded else METHOD
        return {**_MADE_BY, "method": method, "model": self._writer.model}


def _quiz_checks(
    worded: Sequence[Item], found: Sequence[Item], chosen: Sequence[Source], prompts: Sequence[str], difficulty: str
) -> list[Finding]:
    from learning.content.checks import asked_before, check_items, level_of_questions
    from learning.content.worded import check_worded

    before = asked_before(prompts)
    checks = check_worded(worded, chosen, before)
    checks += check_items(found, chosen, before, first=len(worded) + 1)
    return [*checks, level_of_questions([*worded, *found], difficulty)]


def _unit(
    chosen: Sequence[Source],
    others: Sequence[Source],
    points: Mapping[str, Sequence[Statement]],
    asked: WantedUnit,
    difficulty: str,
    made_by: dict[str, Any],
) -> ProposalView:
    from learning.content.checks import check_text, texts_of
    from learning.content.documents import title_of

    titles = {source.key: source.title for source in chosen}
    parts = ["\n".join([f"## {titles[key]}", "", *(f"- {point.text}" for point in own)]) for key, own in points.items()]
    body = "\n\n".join(parts)
    said = {source.key: _squeezed(source.markdown) for source in chosen}
    grounded = all(_squeezed(point.text) in said[key] for key, own in points.items() for point in own)
    findings = [
        FindingView(check="grounding", passed=grounded, where="unit", note="sentences of the units it is made of"),
        *_views(check_text(body, "unit", difficulty, texts_of(others))),
    ]
    return ProposalView(
        kind="unit",
        unit=unit_of(title_of(asked.topic), body),
        checks=findings,
        sources=[UUID(key) for key in points],
        made_by=made_by,
    )


def _rubric(
    draft: Draft,
    unit: Unit,
    worded: Rubric | None,
    instructions: str,
    maximum: Decimal,
    difficulty: str,
    made_by: dict[str, Any],
) -> ProposalView:
    from learning.content.checks import check_rubric, criteria_before
    from learning.content.documents import title_of
    from learning.content.rubrics import drafted

    rubric = worded or drafted(instructions, maximum)
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
    said = _squeezed(instructions)
    content = [one for one in rubric.criteria if one.aspect == "content"]
    grounded = worded is not None or all(_squeezed(one.title.rstrip(".")) in said for one in content)
    note = "made of the instructions' words" if worded is not None else "in the words of the instructions"
    findings = [
        FindingView(check="grounding", passed=grounded, where="criteria", note=note),
        FindingView(
            check="answerability", passed=total == maximum, where="points",
            note=f"the criteria add up to {total:f} of {maximum:f}",
        ),
        *_views(check_rubric(rubric, difficulty, criteria_before(criteria_besides(draft, unit)))),
    ]  # fmt: skip
    return ProposalView(kind="rubric", marking=_dumped(marking), checks=findings, sources=[unit.id], made_by=made_by)


def _improvements(
    draft: Draft,
    unit: Unit,
    texts: Sequence[Source],
    worded: Sequence[Improvement],
    difficulty: str,
    made_by: dict[str, Any],
) -> ProposalView:
    from learning.content.checks import check_text, texts_of
    from learning.content.improving import improvements

    own = next((one for one in texts if one.key == str(unit.id)), None) or source_of(
        str(unit.id), unit.title, unit.body
    )
    others = [one for one in texts if one.key != own.key]
    quizzed = any(one.quiz is not None and one.module_id == unit.module_id for one in draft.units)
    reworded = {one.quote for one in worded}
    found = [
        *worded,
        *(one for one in improvements(own, others, difficulty, has_quiz=quizzed) if one.quote not in reworded),
    ]
    return ProposalView(
        kind="improvements",
        improvements=[ImprovementView(**asdict(one)) for one in found[:_MOST_IMPROVEMENTS]],
        checks=_views(check_text(unit.body, unit.title, difficulty, texts_of(others))),
        sources=[unit.id],
        made_by=made_by,
    )


def unit_of(title: str, body: str) -> dict[str, Any]:
    """A text as the draft takes it."""
    return _dumped(UnitCreate(kind="text", title=title, body=body))


def quiz_unit(title: str, items: Sequence[Item]) -> dict[str, Any]:
    """A quiz as the draft takes it."""
    from learning.content.documents import quiz_of

    return {"kind": "quiz", "title": title, "quiz": quiz_of(items)}


def _views(findings: Sequence[Finding]) -> list[FindingView]:
    return [FindingView(**asdict(one)) for one in findings]


def _dumped(model: Any) -> dict[str, Any]:
    found: dict[str, Any] = model.model_dump(mode="json")
    return found


def _squeezed(text: str) -> str:
    from learning.content.checks import squeezed

    return squeezed(text)
