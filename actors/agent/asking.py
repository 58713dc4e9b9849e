"""Asking a language model in the name of the person who asked for a task.

Over the platform's own /v1, where the call is charged to the task, metered under the feature `agents`, limited and
filtered like any other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from actors.agent.errors import ToolFailed

PERMISSION = "llm.use"


class Exchange(Protocol):
    """What it takes of the services."""

    async def post(self, path: str, body: Any, *, part: str = "") -> Any:
        """The JSON of the answer."""
        ...


async def complete(
    services: Exchange, model: str, messages: Sequence[Mapping[str, str]], *, most_tokens: int,
    schema: Mapping[str, Any] | None = None,
) -> str:  # fmt: skip
    """What the model says, as JSON of the schema where there is one. It is untrusted text, whatever it was told.

    The gateway charges the task, however the call ends, and refuses what might come to more than the task has left.
    Raises `ToolFailed` where the model says nothing, `TryAgain` where it is busy or the budget does not reach.
    """
    body: dict[str, Any] = {"model": model, "messages": list(messages), "max_tokens": most_tokens, "temperature": 0}
    if schema is not None:
        named = {"name": "answer", "schema": schema, "strict": False}
        body["response_format"] = {"type": "json_schema", "json_schema": named}
    choice = (await services.post("/v1/chat/completions", body, part="model"))["choices"][0]
    if choice["finish_reason"] != "stop" or not isinstance(text := choice["message"].get("content"), str):
        raise ToolFailed("The model did not answer to the end", problem=f"model-{choice['finish_reason']}")
    return text
