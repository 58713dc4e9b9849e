"""Asking a language model over the platform's own API, in the name of the person whose request is being answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import structlog

log = structlog.get_logger("azora.asking")

# Well below the time that a request, or an agent's step, may take: then it is done without.
_CONNECT_SECONDS, _TOTAL_SECONDS = 5, 40

Messages = Sequence[Mapping[str, str]]


class Asking(Protocol):
    """A model that can be asked. None is what it says where it says nothing, or not to the end."""

    @property
    def model(self) -> str: ...

    async def ask(
        self, token: str, messages: Messages, *, most_tokens: int, schema: Mapping[str, Any] | None = None
    ) -> str | None: ...


class ModelAsking:
    """Asks a model of the table of models at `/v1`, where it is metered under the feature, limited and filtered like
    any other call. What it says is untrusted text."""

    def __init__(self, base_url: str, model: str, feature: str) -> None:
        self._base_url = base_url
        self.model = model
        self._feature = feature

    async def ask(
        self, token: str, messages: Messages, *, most_tokens: int, schema: Mapping[str, Any] | None = None
    ) -> str | None:
        """The whole answer, as JSON of the schema where the model keeps to it. `token` is the person's own."""
        import aiohttp
        import orjson

        body: dict[str, Any] = {
            "model": self.model, "max_tokens": most_tokens, "temperature": 0, "messages": list(messages),
        }  # fmt: skip
        if schema is not None:
            named = {"name": "answer", "schema": schema, "strict": False}
            body["response_format"] = {"type": "json_schema", "json_schema": named}
        headers = {
            "authorization": f"Bearer {token}", "x-azora-feature": self._feature, "content-type": "application/json",
        }  # fmt: skip
        limits = aiohttp.ClientTimeout(total=_TOTAL_SECONDS, sock_connect=_CONNECT_SECONDS)
        try:
            async with (
                aiohttp.ClientSession(self._base_url, timeout=limits) as session,
                session.post("/v1/chat/completions", data=orjson.dumps(body), headers=headers) as answer,
            ):
                if answer.status != 200:
                    log.warning("the model refused", feature=self._feature, status=answer.status)
                    return None
                told = orjson.loads(await answer.read())
                return str(told["choices"][0]["message"]["content"] or "")
        except (aiohttp.ClientError, TimeoutError, orjson.JSONDecodeError, KeyError, IndexError, TypeError) as error:
            log.warning("the model failed", feature=self._feature, cause=type(error).__name__)
            return None
