"""The short way from a replica's HTTP server to its ASGI application.

Around every request Ray Serve 2.60 puts a request context, two extra tasks, an access-log record and its own
metrics, in Python. On two cores that is four times the cost of the rest of the exchange: 3,000 requests/s against
13,000 for the same handler. The services count, log and limit for themselves, so requests go to them directly.
What Serve itself decides by stays exact: requests in progress are counted in Serve's own counter, which autoscaling
and draining read, and `max_ongoing_requests` + `max_queued_requests` still bound a replica.

`RAY_SERVE_HTTP_PROXY_CALLBACK_IMPORT_PATH=cluster.direct_ingress:middlewares` turns it on. Serve's health check,
WebSockets and processes that are not replicas take Serve's way, and so does everything where a Serve release has
moved what is used here.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

from starlette.middleware import Middleware

from cluster.haproxy import unavailable_body, unavailable_headers

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

_SERVE_PATHS = "/-/"
_log = logging.getLogger("ray.serve")


def middlewares() -> list[Middleware]:
    """What Serve wraps around its own handler in each process that listens for HTTP."""
    return [Middleware(DirectIngress)]


@dataclass(frozen=True)
class ReplicaPort:
    """The parts of a Serve replica that a request needs."""

    application: Application
    root_path: str
    limit: Callable[[], int | None]
    started: Callable[[], None]
    ended: Callable[[], None]
    in_progress: Callable[[], int]
    draining: Callable[[], bool] = bool


class DirectIngress:
    """ASGI middleware, outermost in the replica: passes requests to the application, or to Serve where it must."""

    def __init__(self, app: Application, find: Callable[[Application], ReplicaPort | None] | None = None) -> None:
        self._serve = app
        self._find = find or replica_port
        self._port: ReplicaPort | None = None
        self._searched = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        port = self._port or self._search()
        if (
            port is None
            or scope["type"] != "http"
            or scope["path"].startswith(_SERVE_PATHS)
            or not scope["path"].startswith(port.root_path)
        ):
            await self._serve(scope, receive, send)
        elif _is_full(port):
            await _refuse(send)
        else:
            await self._answer(port, scope, receive, send)

    async def _answer(self, port: ReplicaPort, scope: Scope, receive: Receive, send: Send) -> None:
        scope["root_path"] = scope.get("root_path", "") + port.root_path
        scope["azora.draining"] = port.draining  # an answer without an end of its own must know when to end
        port.started()
        try:
            await port.application(scope, receive, send)
        except Exception:
            _log.exception("Request failed.")
            raise
        finally:
            port.ended()

    def _search(self) -> ReplicaPort | None:
        # The server listens only after the replica is initialised, so the first request finds all there is.
        if not self._searched:
            self._searched = True
            self._port = self._find(self._serve)
        return self._port


def replica_port(serve_app: Application) -> ReplicaPort | None:
    """The replica behind Serve's ASGI handler, or None where there is none or it is not built as expected."""
    replica = getattr(getattr(serve_app, "_app", None), "__self__", None)
    if replica is None or not hasattr(replica, "_direct_ingress_asgi"):
        return None
    try:
        return _port_of(replica)
    except (AttributeError, ImportError, TypeError) as error:
        _log.warning("Serve is not built as expected; requests take its longer way: %s", error)
        return None


def _port_of(replica: Any) -> ReplicaPort | None:
    application = replica._user_callable_asgi_app
    if application is None or replica._user_callable_wrapper._run_user_code_in_separate_thread:
        return None
    metrics, metadata = replica._metrics_manager, _metadata()
    prefix = replica._route_prefix or ""
    return ReplicaPort(
        application=application,
        root_path="" if prefix == "/" else prefix,
        limit=lambda: _limit(replica.max_ongoing_requests, replica.max_queued_requests),
        started=lambda: metrics.inc_num_ongoing_requests(metadata),
        ended=lambda: metrics.dec_num_ongoing_requests(metadata),
        in_progress=metrics.get_num_ongoing_requests,
        draining=lambda: bool(replica._shutting_down),
    )


def _metadata() -> Any:
    """What Serve's counter wants to know of a request; one stands for all."""
    from ray.serve._private.common import RequestMetadata, RequestProtocol

    return RequestMetadata(
        request_id="", internal_request_id="", _request_protocol=RequestProtocol.HTTP, is_direct_ingress=True
    )


def _limit(ongoing: int, queued: int) -> int | None:
    return None if queued < 0 else ongoing + queued  # -1 is Serve's word for no limit


def _is_full(port: ReplicaPort) -> bool:
    limit = port.limit()
    return limit is not None and port.in_progress() >= limit


async def _refuse(send: Send) -> None:
    await send({"type": "http.response.start", "status": 503, "headers": unavailable_headers()})
    await send({"type": "http.response.body", "body": unavailable_body()})
