"""From a request to an answer: chooses targets, asks them in turn, and forwards what the first one that speaks says.

Another target, or the same one again, is asked only while nothing has been sent to the caller. From the first token on
an answer is one target's, to its end or its break.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random

from configs.models import Alias, Choice, DataRule, Models
from deployments.llm import routing
from deployments.llm.asking import most_telling
from deployments.llm.call import Call
from deployments.llm.conversation import ChatRequest, EmbeddingRequest
from deployments.llm.embedding import EmbeddingCall
from deployments.llm.errors import DataMustStay, LlmError, ModelNotFound, ModelOverloaded
from deployments.llm.lanes import Lane
from deployments.llm.metering import tokens
from deployments.llm.providers.protocol import Provider
from deployments.llm.receipts import Bound


@dataclass(frozen=True, slots=True)
class Route:
    """An alias with the targets that may answer for it. From `Dispatcher.route`."""

    model: str
    groups: tuple[tuple[Choice, ...], ...]

    @property
    def targets(self) -> tuple[str, ...]:
        """The names of all targets, each once, in order of preference."""
        return tuple(dict.fromkeys(choice.target for group in self.groups for choice in group))


class Dispatcher:
    """Answers requests with what the table of models has. One for each process; for one event loop."""

    def __init__(self, models: Models, providers: Mapping[str, Provider], random: Random | None = None) -> None:
        self._models = models
        self._random = random or Random()
        self._permissions = routing.Permissions(models.targets)
        self._lanes = {name: Lane(name, models.targets[name], provider) for name, provider in providers.items()}

    @property
    def lanes(self) -> Mapping[str, Lane]:
        """Every target that is used, for health and metrics."""
        return self._lanes

    def route(self, model: str, rule: DataRule | None = None) -> Route:
        """Where a chat for the model may go, under the caller's own data rule where it has one.

        Raises `ModelNotFound`, `DataMustStay`.
        """
        return self._route(model, self._models.models, rule)

    def embedding_route(self, model: str, rule: DataRule | None = None) -> Route:
        """Where texts for the model may go. Raises `ModelNotFound`, `DataMustStay`."""
        return self._route(model, self._models.embeddings, rule)

    def _route(self, model: str, aliases: Mapping[str, Alias], rule: DataRule | None) -> Route:
        alias = aliases.get(model)
        if alias is None:
            raise ModelNotFound(f"There is no model {model[:128]}", param="model")
        groups = self._permissions.of(alias, rule)
        if not groups:
            raise DataMustStay(param="model")
        return Route(model, groups)

    def stream(self, request: ChatRequest, route: Route) -> Call:
        """Ask. Nothing happens before the call is iterated or begun.

        Raises `UnsupportedParameter` and `ContextTooLong` where no target of the route can take the request, and
        `ModelOverloaded` where those that could all rest.
        """
        estimate = tokens.prompt_estimate(request)
        able = self._able(route, lambda lane: lane.objection(request, estimate))
        return Call(request, self._ordered(route, able), estimate, self._random)

    def embed(self, request: EmbeddingRequest, route: Route) -> EmbeddingCall:
        """Ask for vectors. Nothing happens before its `answer`. Raises `ModelOverloaded`."""
        return EmbeddingCall(request, self._ordered(route, set(route.targets)), self._random)

    def bounds(self, request: ChatRequest, route: Route) -> list[Bound]:
        """The most that the call can consume: of every target its prompt, of one of them an answer.

        A target takes a request at most once, so a call never consumes more than all prompts and the dearest answer.
        Raises like `stream`, but for `ModelOverloaded`.
        """
        estimate, bound = tokens.prompt_estimate(request), tokens.prompt_bound(request)
        able = self._able(route, lambda lane: lane.objection(request, estimate))
        return [
            Bound(
                target=name,
                prompt_tokens=min(bound, self._lanes[name].target.context_tokens or bound),
                completion_tokens=self._lanes[name].answer_limit(request, estimate),
            )
            for name in route.targets
            if name in able
        ]

    def embedding_bounds(self, request: EmbeddingRequest, route: Route) -> list[Bound]:
        """The most that the call can consume of each target."""
        bound = tokens.texts_bound(request)
        return [Bound(target=name, prompt_tokens=bound, completion_tokens=0) for name in route.targets]

    def _able(self, route: Route, objection: Callable[[Lane], LlmError | None]) -> set[str]:
        found = {name: objection(self._lanes[name]) for name in route.targets}
        able = {name for name, error in found.items() if error is None}
        if not able:
            raise most_telling([error for error in found.values() if error is not None])
        return able

    def _ordered(self, route: Route, able: set[str]) -> list[Lane]:
        now, lanes = time.monotonic(), self._lanes
        order = routing.order(
            route.groups,
            lambda name: name in able and lanes[name].breaker.ready(now),
            lambda name: lanes[name].admission.free,
            self._random,
        )
        if not order:
            raise ModelOverloaded(retry_after_seconds=min(lanes[name].breaker.wait_seconds(now) for name in able))
        return [lanes[name] for name in order]
