"""API definitions for the Tyk gateway, one per service, out of the services' own OpenAPI documents.

Each is an OpenAPI 3.0 document with Tyk's extension `x-tyk-api-gateway` (Tyk 5.8 or newer). The gateway checks access
tokens against our published keys, limits requests by person and in size, and lets through only what a service has:
every other path is refused at the door. What a token permits is decided by the services alone, and they limit public
routes by address: a limit of an endpoint in Tyk is one for all who come without a token, so that one could lock out
everybody.

The gateway must match paths as a whole and not by what they contain: see `GATEWAY_SETTINGS`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from starlette.routing import Route

from configs.settings import Settings
from deployments.kit.permissions import PUBLIC, ROUTES
from deployments.kit.service import ServiceDefinition, build_api

POLICY = "azora-people"
# By default a path matches wherever it is part of another (`/ready` would open `/api/x/ready/y` to everybody), and a
# prefix takes what only begins alike.
GATEWAY_SETTINGS = (
    "TYK_GW_HTTPSERVEROPTIONS_ENABLESTRICTROUTES",
    "TYK_GW_HTTPSERVEROPTIONS_ENABLEPATHPREFIXMATCHING",
    "TYK_GW_HTTPSERVEROPTIONS_ENABLEPATHSUFFIXMATCHING",
)
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
                # Without a slash at its end, which would miss the prefix itself: people sign in there.
                "listenPath": {"value": service.prefix or "/", "strip": False},
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
        found["ignoreAuthentication"] = {"enabled": True}
    return found


def _is_public(method: str, path: str) -> bool:
    permissions = {" ".join(route.split()): permission for route, permission in ROUTES.items()}
    # Health and readiness are not in the matrix: they are open in every service.
    return permissions.get(f"{method.upper()} {path}", PUBLIC) == PUBLIC


def _path_parameters(path: str) -> list[dict[str, Any]]:
    names = [part[1:-1].partition(":")[0] for part in path.split("/") if part.startswith("{")]
    return [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names]
