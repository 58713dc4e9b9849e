"""API definitions for the Tyk gateway, one per service, out of the services' own OpenAPI documents.

Each is an OpenAPI 3.0 document with Tyk's extension `x-tyk-api-gateway` (Tyk 5.8 or newer). The gateway checks access
tokens against our published keys, limits requests by person, by address on public routes and in size, and lets through
only what a service has: every other path is refused at the door. What a token permits is decided by the services alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from starlette.routing import Route

from configs.rates import Rate
from configs.settings import Settings
from deployments.kit.permissions import PUBLIC, ROUTES
from deployments.kit.service import ServiceDefinition, build_api

POLICY = "azora-people"
_CREDENTIALS = ("/api/sessions", "/api/users/register", "/api/users/password-resets", "/api/users/invitations")
_JWKS = "/api/sessions/jwks.json"
_KEYS_CACHED_SECONDS = 20  # a rotated key is published a minute before it signs


def definition(service: ServiceDefinition, settings: Settings, upstream: str) -> dict[str, Any]:
    """The definition of one service; `upstream` is where the gateway finds the platform."""
    api = build_api(service)
    paths: dict[str, dict[str, Any]] = {}
    operations: dict[str, dict[str, Any]] = {}
    for method, path, name in _routes(api):
        where = paths.setdefault(path, {"parameters": _path_parameters(path)} if "{" in path else {})
        where[method] = {"operationId": name, "responses": {"default": {"description": "See the service's document"}}}
        operations[name] = _operation(method, path, settings)
    own = service.authenticator is not None  # the service knows more than access tokens
    return {
        "openapi": "3.0.3",
        "info": {"title": f"Azora: {service.name}", "version": api.version},
        "paths": paths,
        "components": {"securitySchemes": {"accessToken": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}},
        "security": [] if own else [{"accessToken": []}],
        "x-tyk-api-gateway": {
            "info": {"id": f"azora-{service.name}", "name": f"Azora {service.name}", "state": {"active": True}},
            "upstream": {"url": upstream.rstrip("/") + "/"},
            "server": {
                "listenPath": {"value": f"{service.prefix or ''}/", "strip": False},
                "authentication": {"enabled": False} if own else _authentication(settings, upstream),
            },
            "middleware": {"global": {"trafficLogs": {"enabled": False}}, "operations": operations},
        },
    }


def policy(settings: Settings) -> dict[str, Any]:
    """What a person with an access token may ask of the gateway, over all services."""
    rate = settings.rate_limit
    return {
        "id": POLICY, "name": "Azora: people with an access token", "active": True, "is_inactive": False,
        "rate": rate.limit, "per": rate.window_seconds, "quota_max": -1,
        "partitions": {"rate_limit": True, "quota": True, "acl": False, "complexity": False},
    }  # fmt: skip


def _authentication(settings: Settings, upstream: str) -> dict[str, Any]:
    scheme = {
        "enabled": True,
        "header": {"enabled": True, "name": "Authorization"},
        "signingMethod": "rsa",
        "jwksURIs": [{"url": upstream.rstrip("/") + _JWKS, "cacheTimeout": _KEYS_CACHED_SECONDS}],
        "identityBaseField": "sub",
        "subjectClaims": ["sub"],
        "allowedIssuers": [settings.issuer],
        "defaultPolicies": [POLICY],
    }
    # The token goes on to the services, which know whether its session still lives.
    return {"enabled": True, "stripAuthorizationData": False, "securitySchemes": {"accessToken": scheme}}


def _routes(api: FastAPI) -> Iterator[tuple[str, str, str]]:
    """Method, path and a name of its own for every route, the pages that no document lists included."""
    for route in api.routes:
        if isinstance(route, Route):
            path = re.sub(r":\w+}", "}", route.path)
            for method in sorted(route.methods or ()):
                yield method.lower(), path, re.sub(r"\W+", "_", f"{route.name}{path}_{method}".lower())


def _operation(method: str, path: str, settings: Settings) -> dict[str, Any]:
    found: dict[str, Any] = {"allow": {"enabled": True}}
    if method in ("post", "put", "patch"):
        large = "import" in path or path.endswith("/content")
        size = settings.max_import_bytes if large else settings.max_body_bytes
        found["requestSizeLimit"] = {"enabled": True, "value": size}
    if _is_public(method, path):
        credentials = method == "post" and path.startswith(_CREDENTIALS)
        found["ignoreAuthentication"] = {"enabled": True}
        found["rateLimit"] = _limit(settings.rate_limit_credentials if credentials else settings.rate_limit_anonymous)
    return found


def _is_public(method: str, path: str) -> bool:
    permissions = {" ".join(route.split()): permission for route, permission in ROUTES.items()}
    # Health and readiness are not in the matrix: they are open in every service.
    return permissions.get(f"{method.upper()} {path}", PUBLIC) == PUBLIC


def _limit(rate: Rate) -> dict[str, Any]:
    return {"enabled": True, "rate": rate.limit, "per": f"{rate.window_seconds}s"}


def _path_parameters(path: str) -> list[dict[str, Any]]:
    names = [part[1:-1].partition(":")[0] for part in path.split("/") if part.startswith("{")]
    return [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names]
