"""A language model asked for a second opinion on essays: over the platform's own API, as the person who grades."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from learning.grading.rubrics import Basis, Rubric

if TYPE_CHECKING:
    from learning.grading.examiner import Examined

log = structlog.get_logger("azora.grading")

# Well below the time that a request, or an agent's step, may take: then the first opinion stands.
_CONNECT_SECONDS, _TOTAL_SECONDS = 5, 40
_MOST_TOKENS = 1_200


class SecondOpinion:
    """Asks a model of the table of models at `/v1`, where it is metered, limited and filtered like any other call. What
    fails, or makes no sense, leaves the first opinion as it is."""

    def __init__(self, base_url: str, model: str) -> None:
        self._base_url = base_url
        self.model = model

    async def on(self, token: str, basis: Basis, essay: str, first: Examined) -> Examined:
        """Both opinions as one. A work with a concern is not shown: a person looks at it anyway."""
        from learning.grading.second_opinion import read, together

        if not isinstance(basis, Rubric) or first.concerns:
            return first
        answer = await self._ask(token, basis, essay)
        said = None if answer is None else read(answer, basis, essay)
        if said is None:
            log.warning("no second opinion", model=self.model, answered=answer is not None)
            return first
        return together(first, basis, said, self.model)

    async def _ask(self, token: str, rubric: Rubric, essay: str) -> str | None:
        import aiohttp
        import orjson

        from learning.grading.second_opinion import request

        body = {
            "model": self.model, "max_tokens": _MOST_TOKENS, "temperature": 0, "messages": request(rubric, essay),
        }  # fmt: skip
        headers = {"authorization": f"Bearer {token}", "x-azora-feature": "grading", "content-type": "application/json"}
        limits = aiohttp.ClientTimeout(total=_TOTAL_SECONDS, sock_connect=_CONNECT_SECONDS)
        try:
            async with (
                aiohttp.ClientSession(self._base_url, timeout=limits) as session,
                session.post("/v1/chat/completions", data=orjson.dumps(body), headers=headers) as answer,
            ):
                if answer.status != 200:
                    log.warning("the model refused a second opinion", status=answer.status)
                    return None
                told = orjson.loads(await answer.read())
                return str(told["choices"][0]["message"]["content"])
        except (aiohttp.ClientError, TimeoutError, orjson.JSONDecodeError, KeyError, IndexError, TypeError) as error:
            log.warning("the model failed", cause=type(error).__name__)
            return None
