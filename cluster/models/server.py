"""vLLM as a Serve replica: `ray.serve.llm`'s server with one more method, which speaks bytes.

OpenAI's request goes in as JSON and its chunks come out as JSON, so that callers need not import vLLM, which is a
gigabyte, to name the types that cross. Imported only where vLLM is installed.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import orjson
from fastapi import HTTPException
from pydantic import ValidationError
from ray.serve.llm import LLMConfig
from ray.serve.llm.deployment import LLMServer

from cluster.models.adapters import AdapterLoader
from cluster.models.values import Adapters
from deployments.llm.providers.vllm import EngineRequest

_DATA = b"data: "
_log = logging.getLogger("ray.serve")


class ModelServer(LLMServer):  # type: ignore[misc]
    """One copy of a model."""

    async def __init__(self, llm_config: LLMConfig, adapters: Adapters | None = None) -> None:  # type: ignore[misc]
        self._adapters = adapters
        await super().__init__(llm_config, model_downloader=AdapterLoader.of(adapters))

    async def converse(self, request: EngineRequest) -> AsyncGenerator[tuple[bytes, ...], None]:
        """The chunks of an answer, as OpenAI words them, without `data:`; those together that are there together.

        The first item is empty: the request has arrived. What goes wrong is an `{"error": {"code", "type", "message"}}`
        in place of chunks, and never an exception, which the caller would have to import vLLM to understand. Closing
        it, or cancelling the task that waits for it, makes vLLM drop the request.
        """
        yield ()
        try:
            async with aclosing(self._answer(request)) as answer:
                async for payloads in answer:
                    yield payloads
        except ValidationError as error:
            yield (_invalid(error),)
        except HTTPException as error:
            yield (_error(error.status_code, "error", str(error.detail)),)
        except Exception as error:
            _log.exception("The engine failed")
            yield (_error(503, "engine_error", type(error).__name__),)

    async def alive(self) -> bool:
        """Whether the engine's process answers."""
        try:
            await self.check_health()
        except Exception:
            return False
        return True

    async def _answer(self, request: EngineRequest) -> AsyncGenerator[tuple[bytes, ...], None]:
        from ray.serve.llm.openai_api_models import ChatCompletionRequest

        asked = ChatCompletionRequest.model_validate_json(request.body)
        asked.model = await self._model_for(request.organisation)
        async with aclosing(await self.chat(asked)) as answer:
            async for items in answer:
                yield tuple(payload for item in items for payload in _payloads(item))

    async def _model_for(self, organisation: str | None) -> str:
        """The model with the organisation's adapter, where it has one."""
        name = str(self._llm_config.model_id)
        if self._adapters is None or organisation is None:
            return name
        try:
            adapter = await self._load_model(f"{name}:{organisation}")
        except HTTPException as error:
            if error.status_code == 404:
                return name
            raise
        await self.engine.resolve_lora(adapter)
        return str(adapter.model_id)


def _payloads(item: Any) -> list[bytes]:
    """The data of server-sent events; what else vLLM gives is an error."""
    if isinstance(item, str):
        return [line.removeprefix(_DATA) for line in item.encode().split(b"\n") if line.startswith(_DATA)]
    error = item.error
    return [_error(error.code, error.type, error.message)]


def _invalid(error: ValidationError) -> bytes:
    told = "; ".join(f"{'.'.join(str(part) for part in e['loc'])}: {e['msg']}" for e in error.errors())
    return _error(400, "invalid_request_error", told)


def _error(code: Any, kind: str, message: str) -> bytes:
    return orjson.dumps({"error": {"code": code, "type": kind, "message": message}})
