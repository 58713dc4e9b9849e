"""A language model asked for a second opinion on essays, as the person who grades."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import structlog

from deployments.kit.asking import Asking
from learning.grading.rubrics import Basis, Rubric

if TYPE_CHECKING:
    from learning.grading.examiner import Examined

log = structlog.get_logger("azora.grading")
_MOST_TOKENS = 1_200


@dataclass(frozen=True, slots=True)
class SecondOpinion:
    """What fails, or makes no sense, leaves the first opinion as it is, and `made_by` says so."""

    asking: Asking

    async def on(self, token: str, basis: Basis, essay: str, first: Examined) -> Examined:
        """Both opinions as one. A work with a concern is not shown: a person looks at it anyway."""
        from learning.grading.second_opinion import read, request, together

        if not isinstance(basis, Rubric) or first.concerns:
            return first
        answer = await self.asking.ask(token, request(basis, essay), most_tokens=_MOST_TOKENS)
        said = None if answer is None else read(answer, basis, essay)
        if said is None:
            log.warning("no second opinion", model=self.asking.model, answered=answer is not None)
            return replace(first, made_by={**first.made_by, "asked_in_vain": self.asking.model})
        return together(first, basis, essay, said, self.asking.model)
