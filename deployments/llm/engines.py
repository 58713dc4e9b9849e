"""Local models by their Serve handles: the one place where the LLM service knows of Ray.

Ray is imported when the first conversation asks for it: a replica without local models has nothing to do with it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from typing import Any

from configs.models import Models, Target
from deployments.kit.health import Checks
from deployments.kit.logs import get_logger
from deployments.llm.errors import UpstreamBroken, UpstreamBusy, UpstreamError, UpstreamUnavailable
from deployments.llm.providers.http import HttpPool
from deployments.llm.providers.vllm import EngineRequest, Vllm

log = get_logger("llm")
APPLICATION_PREFIX = "model-"
_BUSY_SECONDS = 1.0
_PATIENCE_SECONDS = 2.0


def application_name(model: str) -> str:
    """The Serve application that runs the model of that name."""
    return f"{APPLICATION_PREFIX}{model}"


def vllm(target: Target, _pool: HttpPool) -> Vllm:
    """A `Factory` for targets of the provider `vllm`."""
    assert target.model is not None, "the table requires it"
    return Vllm(target, ServeEngine(application_name(target.model)))


def checks(models: Models) -> Checks:
    """For `/ready`: whether each local model that the table uses answers."""
    used = (models.targets[name] for name in sorted(models.used))
    names = sorted({target.model for target in used if target.provider == "vllm" and target.model is not None})
    return {f"model {name}": ServeEngine(application_name(name)).running for name in names}


class ServeEngine:
    """The engine behind a Serve application. See `Engine`."""

    def __init__(self, application: str) -> None:
        self._application = application
        self._handle: Any = None

    async def converse(self, request: EngineRequest) -> AsyncGenerator[Sequence[bytes], None]:
        """See `Engine.converse`."""
        answer: Any = None
        started = False
        try:
            answer = (await self._found()).options(stream=True).converse.remote(request)
            await self._taken(answer)
            async for payloads in answer:
                started = True
                yield payloads
        except Exception as error:
            log.warning("engine failed", application=self._application, error=type(error).__name__)
            raise _meaning(error, started) from error
        finally:
            if answer is not None:
                answer.cancel()  # makes no difference to one that is over

    async def running(self) -> None:
        """Return if an engine is there to answer. Raises `UpstreamUnavailable`."""
        try:
            alive = await (await self._found()).alive.remote()
        except Exception as error:
            raise _meaning(error, started=False) from error
        if not alive:
            raise UpstreamUnavailable("The engine has failed and is being started again")

    async def _taken(self, answer: Any) -> None:
        """Wait until a replica has the request, for as long as there is one that could take it.

        A request for which there is no replica would wait in Serve's router until one has been loaded.
        """
        arrival = asyncio.ensure_future(anext(answer))
        try:
            done, _ = await asyncio.wait({arrival}, timeout=_PATIENCE_SECONDS)
            if not done and not await asyncio.to_thread(_any_running, self._application):
                raise UpstreamUnavailable("The model does not run, or is still being loaded")
            await arrival
        finally:
            arrival.cancel()

    async def _found(self) -> Any:
        """The handle. The first look-up asks Serve's controller, which blocks."""
        if self._handle is None:
            self._handle = await asyncio.to_thread(_handle_of, self._application)
        return self._handle


def _any_running(application: str) -> bool:
    from ray import serve

    found = serve.status().applications.get(application)
    states = (deployment.replica_states for deployment in found.deployments.values()) if found else ()
    return any(count for counts in states for state, count in counts.items() if state == "RUNNING")


def _handle_of(application: str) -> Any:
    from ray import serve

    return serve.get_app_handle(application)


def _meaning(error: Exception, started: bool) -> UpstreamError:
    from ray.serve.exceptions import BackPressureError

    if isinstance(error, UpstreamError):
        return error
    if isinstance(error, BackPressureError):
        return UpstreamBusy("The model has more to do than it can", retry_after_seconds=_BUSY_SECONDS)
    if started:
        return UpstreamBroken("The engine broke the answer off")
    return UpstreamUnavailable("The model does not run, or is still being loaded")
