"""Content worded by a language model, as far as it passes the governor and every check; nothing where it does not."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar

from actors.governor.recording import text_entry
from deployments.kit.asking import Asking
from deployments.kit.principal import Principal
from learning.governance.governor import Governor
from learning.governance.views import TextContext, TextView
from learning.governance.vocabulary import Origin, Place, Verdict
from stores import audit
from stores.postgres import Database

if TYPE_CHECKING:
    from learning.content.checks import Finding
    from learning.content.improving import Improvement
    from learning.content.material import Source
    from learning.content.outlines import DraftUnit
    from learning.content.questions import Embed, Item
    from learning.content.requests import Request, Text
    from learning.grading.rubrics import Rubric

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Author:
    """Who asks, and the token that a model is asked with."""

    principal: Principal
    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Writer:
    """Asks a model in the author's name, where the call is metered under the feature `content`, limited and filtered
    like any other; judges what comes by the organisation's constitution, and checks it."""

    asking: Asking
    governor: Governor
    database: Database

    @property
    def model(self) -> str:
        return self.asking.model

    async def quiz(
        self, author: Author, sources: Sequence[Source], asked: Sequence[str], count: int, difficulty: str
    ) -> tuple[list[Item], int]:
        """At most `count` questions that hold, and how many do not. `asked` are prompts that are there."""
        from learning.content import requests
        from learning.content.checks import asked_before
        from learning.content.worded import kept_questions

        shown = requests.shown(sources)
        answer = await self._answer(author, requests.questions(shown, count, difficulty), requests.Questions)
        if answer is None:
            return [], 0
        # What is there may be long: it is gone through in the thread too.
        kept, dropped = await asyncio.to_thread(lambda: kept_questions(answer, shown, asked_before(asked), count))
        allowed = [item for item in kept if await self._allows(author, "\n".join([item.prompt, *item.options]))]
        return allowed, dropped + len(kept) - len(allowed)

    async def unit(
        self,
        author: Author,
        topic: str,
        sources: Sequence[Source],
        others: Sequence[Source],
        difficulty: str,
        embed: Embed | None,
    ) -> tuple[Text, list[Finding]] | None:
        """A text on a topic with its checks, all of which it passes; `others` are what the course says besides."""
        from learning.content import requests
        from learning.content.checks import texts_of
        from learning.content.worded import check_unit

        shown = requests.shown(sources)
        answer = await self._answer(author, requests.text(topic, shown, difficulty), requests.Text)
        if answer is None:
            return None
        checks = await asyncio.to_thread(lambda: check_unit(answer, shown, texts_of(others), difficulty, embed))
        said = f"{answer.title}\n\n{answer.body}"
        if not all(check.passed for check in checks) or not await self._allows(author, said, shown):
            return None
        return answer, checks

    async def rubric(self, author: Author, instructions: str, maximum: Decimal) -> Rubric | None:
        """Criteria whose points add up, in the words of the instructions."""
        from learning.content import requests
        from learning.content.worded import rubric_of

        answer = await self._answer(author, requests.criteria(instructions, f"{maximum:f}"), requests.Criteria)
        rubric = None if answer is None else rubric_of(answer, instructions, maximum)
        if rubric is None:
            return None
        said = "\n".join(text for one in rubric.criteria for text in (one.title, *one.looks_for))
        return rubric if await self._allows(author, said) else None

    async def rewordings(self, author: Author, unit: Source, difficulty: str, embed: Embed | None) -> list[Improvement]:
        """Sentences that are easier to read than those of the text, and say no more."""
        from learning.content import requests
        from learning.content.worded import kept_rewordings

        [shown] = requests.shown([unit])
        answer = await self._answer(author, requests.rewordings(shown, difficulty), requests.Rewordings)
        if answer is None:
            return []
        kept = await asyncio.to_thread(kept_rewordings, answer, shown, embed)
        return [one for one in kept if await self._allows(author, f"{one.advice}\n{one.proposal}")]

    async def arranged(self, author: Author, paragraphs: Sequence[str]) -> list[tuple[str, list[DraftUnit]]] | None:
        """Modules and units of a text without headings, whose words stay as they are."""
        from learning.content import requests
        from learning.content.worded import arranged

        if not requests.worth_dividing(paragraphs):
            return None
        answer = await self._answer(author, requests.parts(paragraphs), requests.Parts)
        found = None if answer is None else arranged(answer, paragraphs)
        if found is None:
            return None
        titles = "\n".join(text for title, units in found for text in (title, *(unit.title for unit in units)))
        return found if await self._allows(author, titles) else None

    async def _answer(self, author: Author, request: Request, form: type[T]) -> T | None:
        from learning.content.requests import read

        told = await self.asking.ask(
            author.token, request.messages, most_tokens=request.most_tokens, schema=request.schema
        )
        return None if told is None else read(told, form)  # type: ignore[type-var]

    async def _allows(self, author: Author, text: str, sources: Sequence[Source] = ()) -> bool:
        """Whether the constitution lets a text out as it is. What it finds goes to the audit log."""
        principal = author.principal
        context = TextContext(
            org_id=principal.org_id, origin=Origin.MODEL, asker_id=principal.user_id,
            sources=tuple(source.markdown for source in sources),
        )  # fmt: skip
        decision = await self.governor.judge_text(TextView(text=text, context=context), Place.TEXT_OUT)
        allowed = decision.verdict is Verdict.ALLOW and decision.text == text
        if decision.findings:
            details: dict[str, Any] = {"findings": [one.record() for one in decision.findings], "feature": "content"}
            entry = text_entry(principal.org_id, principal.user_id, "courses", details, refused=not allowed)
            async with self.database.transaction(principal.org_id) as connection:
                await audit.append(connection, [entry])
        return allowed
