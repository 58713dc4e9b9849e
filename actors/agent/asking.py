"""Asking a language model in the name of the person who asked for a task.

Over the platform's own /v1, where the call is metered under the feature `agents`, limited and filtered like any other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from actors.agent.errors import ToolFailed
from actors.agent.spending import Spending

FEATURE = "agents"
PERMISSION = "llm.use"
COST_HEADER = "x-azora-cost-microdollars"
_CHARACTERS_OF_TOKEN = 3  # in English there are four; a guess that is rather too high


class Exchange(Protocol):
    """What it takes of the services."""

    async def exchange(
        self, path: str, body: Any, *, part: str, headers: Mapping[str, str]
    ) -> tuple[Any, Mapping[str, str]]:
        """The JSON of the answer, and its headers."""
        ...

    @property
    def spending(self) -> Spending: ...


async def complete(
    services: Exchange, model: str, messages: Sequence[Mapping[str, str]], *, most_tokens: int,
    schema: Mapping[str, Any] | None = None,
) -> str:  # fmt: skip
    """What the model says, as JSON of the schema where there is one. It is untrusted text, whatever it was told.

    What an answer took is counted, also where it is of no use; one whose gateway does not say what it cost counts as
    free. A call that ends without an answer is counted in the organisation's ledger only. The gateway refuses what
    might cost more than the task has left. Raises `ToolFailed` where it says nothing or the task's budget does not
    reach, `TryAgain` where it is busy.
    """
    spending = services.spending
    prompt = sum(len(message["content"]) for message in messages) // _CHARACTERS_OF_TOKEN
    room = min(most_tokens, spending.tokens_left - prompt)
    if room < 64:
        raise ToolFailed("The task has too few tokens left for a model", problem="few-tokens")
    body: dict[str, Any] = {"model": model, "messages": list(messages), "max_tokens": room, "temperature": 0}
    if schema is not None:
        named = {"name": "answer", "schema": schema, "strict": False}
        body["response_format"] = {"type": "json_schema", "json_schema": named}
    told = {"x-azora-feature": FEATURE, "x-azora-max-cost-microdollars": str(spending.microdollars_left)}
    answer, headers = await services.exchange("/v1/chat/completions", body, part="model", headers=told)
    spending.spent(tokens=int(answer["usage"]["total_tokens"]), microdollars=int(headers.get(COST_HEADER, 0)))
    choice = answer["choices"][0]
    if choice["finish_reason"] != "stop" or not isinstance(text := choice["message"].get("content"), str):
        raise ToolFailed("The model did not answer to the end", problem=f"model-{choice['finish_reason']}")
    return text
