"""Asking a language model in the name of the person who asked for a task.

Over the platform's own /v1, where the call is metered under the feature `agents`, limited and filtered like any other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from actors.agent.errors import ToolFailed

FEATURE = "agents"
PERMISSION = "llm.use"
_CHARACTERS_OF_TOKEN = 3  # in English there are four; a guess that is rather too high


class Posting(Protocol):
    """What it takes of the services."""

    async def post(self, path: str, body: Any, *, part: str = "", headers: Mapping[str, str] | None = None) -> Any: ...

    def spent(self, *, tokens: int, cost_microdollars: int) -> None: ...

    @property
    def tokens_left(self) -> int: ...


async def complete(
    services: Posting, model: str, messages: Sequence[Mapping[str, str]], *, most_tokens: int,
    schema: Mapping[str, Any] | None = None,
) -> str:  # fmt: skip
    """What the model says, as JSON of the schema where there is one. It is untrusted text, whatever it was told.

    Raises `ToolFailed` where it says nothing or the task's tokens do not reach, `TryAgain` where it is busy.
    """
    prompt = sum(len(message["content"]) for message in messages) // _CHARACTERS_OF_TOKEN
    room = min(most_tokens, services.tokens_left - prompt)
    if room < 64:
        raise ToolFailed("The task has too few tokens left for a model", problem="few-tokens")
    body: dict[str, Any] = {"model": model, "messages": list(messages), "max_tokens": room, "temperature": 0}
    if schema is not None:
        named = {"name": "answer", "schema": schema, "strict": False}
        body["response_format"] = {"type": "json_schema", "json_schema": named}
    answer = await services.post("/v1/chat/completions", body, part="model", headers={"x-azora-feature": FEATURE})
    services.spent(tokens=int(answer["usage"]["total_tokens"]), cost_microdollars=0)
    choice = answer["choices"][0]
    if choice["finish_reason"] != "stop" or not isinstance(text := choice["message"].get("content"), str):
        raise ToolFailed("The model did not answer to the end", problem=f"model-{choice['finish_reason']}")
    return text
