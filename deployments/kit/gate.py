"""The door of every service: correlation, authentication, limits; then the fast path or the application.

Plain ASGI, because this runs for every request and frameworks' middleware costs more than all of it together.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any, Protocol

from configs.errors import AzoraError
from configs.rates import Rate
from deployments.kit import correlation
from deployments.kit.correlation import Correlation
from deployments.kit.errors import InvalidToken, PayloadTooLarge, TooManyRequests, Unauthenticated
from deployments.kit.logs import get_logger
from deployments.kit.permissions import permission_of
from deployments.kit.principal import Principal
from deployments.kit.problems import PROBLEM_DOCUMENTS, ErrorForm
from deployments.kit.rate_limit import Decision, RateLimiter
from stores.metrics.http import UNMATCHED, Traffic

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]

log = get_logger("gate")
_SLOW_SECONDS = 1.0
_BEARER = "Bearer "
_UNLIMITED = ("/health", "/ready")  # asked by load balancers, often and from few addresses
_FAST_ROUTE = "azora.route"


@dataclass(frozen=True, slots=True)
class Answer:
    """A ready response."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


class Authenticates(Protocol):
    """Knows who a bearer token stands for."""

    def remembered(self, token: str) -> Principal | None:
        """The principal, where memory alone may tell. Never waits."""
        ...

    async def authenticate(self, token: str) -> Principal:
        """The principal. Raises `InvalidToken`, or `StoreUnavailable` where a store must tell and cannot."""
        ...


class FastPath(Protocol):
    """Answers from memory, for reads that would otherwise go through the framework and the database."""

    @property
    def route(self) -> str:
        """The template of the route that it answers for."""
        ...

    def answer(self, principal: Principal, path: str, headers: Mapping[bytes, bytes]) -> Answer | None:
        """The answer, or None where the application must give it. Never waits, never raises."""
        ...


Direct = Mapping[tuple[str, str], ASGIApp]  # by method and path


@dataclass(frozen=True, slots=True)
class Limits:
    """The rates the gate enforces, and how many proxies in front are believed about the client's address."""

    per_person: Rate
    per_address: Rate
    trusted_proxies: int


class Gate:
    """Wraps one service's application. What is `direct` is answered without the framework; the permission that the
    matrix demands is asked for here then."""

    def __init__(
        self,
        app: ASGIApp,
        authenticator: Authenticates,
        limiter: RateLimiter,
        limits: Limits,
        traffic: Traffic,
        fast_path: FastPath | None = None,
        errors: ErrorForm = PROBLEM_DOCUMENTS,
        direct: Direct | None = None,
    ) -> None:
        self._app = app
        self._direct = {(m, path): (permission_of(m, path), app) for (m, path), app in (direct or {}).items()}
        self._authenticator = authenticator
        self._limiter = limiter
        self._limits = limits
        self._traffic = traffic
        self._fast_path = fast_path
        self._errors = errors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        ids = Correlation.of(_text(headers.get(b"x-request-id")), _text(headers.get(b"traceparent")))
        correlation.current.set(ids)
        exchange = _Exchange(send, ids, self._errors)
        self._traffic.began()
        try:
            await self._serve(scope, receive, exchange, headers)
        except AzoraError as error:
            await exchange.fail(*self._errors.render(error))
        except Exception as error:
            await exchange.fail(*self._errors.unexpected(error))
        finally:
            self._traffic.ended(scope["method"], _route(scope), exchange.status, exchange.seconds)
            exchange.log(scope)

    async def _serve(self, scope: Scope, receive: Receive, exchange: _Exchange, headers: Mapping[bytes, bytes]) -> None:
        token = _bearer(headers.get(b"authorization"))
        principal = None
        if token is not None:
            principal = self._authenticator.remembered(token) or await self._authenticator.authenticate(token)
        address = client_address(scope, self._limits.trusted_proxies)
        if not scope["path"].endswith(_UNLIMITED):
            decision = await self._admit(principal, address)
            exchange.extra += decision.headers("person" if principal else "address")
            if not decision.allowed:
                raise TooManyRequests(decision.reset_seconds)
        if principal is not None and self._fast_path is not None and scope["method"] == "GET" and not principal.acting:
            answer = self._fast_path.answer(principal, scope["path"], headers)
            if answer is not None:
                scope[_FAST_ROUTE] = self._fast_path.route
                await exchange.answer(answer)
                return
        scope["azora.principal"] = principal
        scope["azora.client"] = address
        if (found := self._direct.get((scope["method"], scope["path"]))) is None:
            await self._app(scope, receive, exchange.send)
            return
        permission, answer_directly = found
        scope[_FAST_ROUTE] = scope["path"]
        if principal is None:
            raise Unauthenticated()
        principal.enter(permission)
        await answer_directly(scope, receive, exchange.send)

    async def _admit(self, principal: Principal | None, address: str) -> Decision:
        if principal is not None:
            key, rate = f"person:{principal.user_id.hex}", self._limits.per_person
        else:
            key, rate = f"address:{address}", self._limits.per_address
        return self._limiter.take_leased(key, rate) or await self._limiter.take(key, rate)


class _Exchange:
    """One response on its way out: adds the gate's headers, and knows whether it has begun."""

    __slots__ = ("_answered_at", "_errors", "_replaced", "_send", "_started_at", "extra", "ids", "status")

    def __init__(self, send: Send, ids: Correlation, errors: ErrorForm) -> None:
        self._send = send
        self._errors = errors
        self._started_at = time.perf_counter()
        self._answered_at: float | None = None
        self.ids = ids
        self.status = 0
        self._replaced = False
        self.extra: list[tuple[bytes, bytes]] = [
            (b"x-request-id", ids.request_id.encode()),
            (b"traceparent", ids.traceparent.encode()),
            (b"x-content-type-options", b"nosniff"),
        ]

    @property
    def seconds(self) -> float:
        """From the request to the first byte of the response: a stream is not slow because it goes on."""
        return (self._answered_at or time.perf_counter()) - self._started_at

    async def send(self, message: Message) -> None:
        if self._replaced:
            return
        if message["type"] == "http.response.start":
            if message["status"] == 413 and _is_plain(message):  # the framework's own words, not ours
                self._replaced = True
                await self.fail(*self._errors.render(PayloadTooLarge()))
                return
            self._answered_at = time.perf_counter()
            self.status = message["status"]
            message["headers"] = [*message.get("headers", ()), *self.extra]
        await self._send(message)

    async def answer(self, answer: Answer) -> None:
        self._answered_at = time.perf_counter()
        self.status = answer.status
        await self._send(
            {"type": "http.response.start", "status": answer.status, "headers": answer.headers + self.extra}
        )
        await self._send({"type": "http.response.body", "body": answer.body})

    async def fail(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        if self.status:  # too late for another answer: what began is cut short, so the client sees it broke
            raise ConnectionAbortedError("the response failed after it had begun")
        encoded = [(name.encode(), value.encode()) for name, value in headers.items()]
        encoded.append((b"content-length", str(len(body)).encode()))
        await self.answer(Answer(status, encoded, body))

    def log(self, scope: Scope) -> None:
        seconds = self.seconds
        if self.status >= 500 or seconds > _SLOW_SECONDS:
            log.warning(
                "request", method=scope["method"], path=scope["path"], status=self.status, seconds=round(seconds, 4)
            )
        else:
            log.debug(
                "request", method=scope["method"], path=scope["path"], status=self.status, seconds=round(seconds, 4)
            )


def client_address(scope: Scope, trusted_proxies: int) -> str:
    """The client's address: what the outermost trusted proxy wrote into X-Forwarded-For, else the peer's.

    Every proxy appends the address it was called from, so with n trusted proxies the n-th from the end is the first
    that a client cannot have made up.
    """
    hops: list[str] = [
        hop.strip()
        for name, value in scope["headers"]
        if name == b"x-forwarded-for"
        for hop in value.decode("latin-1").split(",")
    ]
    if trusted_proxies and hops:
        return hops[-min(trusted_proxies, len(hops))]
    client = scope.get("client")
    return str(client[0]) if client else "unknown"


def _route(scope: Scope) -> str:
    """The template of the route that was reached; the framework leaves it in the scope."""
    route = scope.get("route")
    found: str = scope.get(_FAST_ROUTE, UNMATCHED) if route is None else getattr(route, "path", UNMATCHED)
    return found


def _bearer(authorization: bytes | None) -> str | None:
    if authorization is None:
        return None
    value = authorization.decode("latin-1")
    if value[: len(_BEARER)].lower() != _BEARER.lower() or len(value) == len(_BEARER):
        raise InvalidToken("The Authorization header must be `Bearer <access token>`")
    return value[len(_BEARER) :].strip()


def _is_plain(message: Message) -> bool:
    return any(name == b"content-type" and value.startswith(b"text/plain") for name, value in message["headers"])


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode("latin-1")
