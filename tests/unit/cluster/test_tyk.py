"""Definitions for Tyk: every route is let through, and only public ones without a token."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cluster.cli import app
from cluster.gateway.tyk import GATEWAY_SETTINGS, definition, policy
from configs.settings import Settings
from deployments.kit.permissions import PUBLIC, ROUTES
from deployments.kit.service import ServiceDefinition
from deployments.registry import NAMES
from deployments.registry import service as named

SERVICES = [named(name) for name in NAMES]
SETTINGS = Settings(rate_limit="7/1s", issuer="school")
UPSTREAM = "http://azora-serve-svc:8000"


def _routes(document: dict[str, Any]) -> dict[str, str]:
    """Operation ids by method and path."""
    return {
        f"{method.upper()} {path}": operation["operationId"]
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if method != "parameters"
    }


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_tokens_are_demanded_everywhere_but_where_the_matrix_says_public(service: ServiceDefinition) -> None:
    document = definition(service, SETTINGS, UPSTREAM)
    matrix = {" ".join(route.split()): permission for route, permission in ROUTES.items()}
    operations = document["x-tyk-api-gateway"]["middleware"]["operations"]
    for route, name in _routes(document).items():
        public = matrix.get(route, PUBLIC) == PUBLIC
        assert operations[name].get("ignoreAuthentication", {}).get("enabled", False) is public, route
        assert operations[name]["allow"] == {"enabled": True}
        assert "rateLimit" not in operations[name]  # it would be one for the whole world
    assert len(set(_routes(document).values())) == len(_routes(document))
    assert operations.keys() == set(_routes(document).values())


def test_every_route_is_in_one_definition() -> None:
    found = [route for service in SERVICES for route in _routes(definition(service, SETTINGS, UPSTREAM))]
    wanted = {" ".join(route.split()) for route in ROUTES}
    assert wanted <= set(found)
    assert len(found) == len(set(found))


def test_tokens_are_checked_against_our_keys_and_people_limited() -> None:
    service = next(service for service in SERVICES if service.name == "courses")
    server = definition(service, SETTINGS, UPSTREAM)["x-tyk-api-gateway"]["server"]
    scheme = server["authentication"]["securitySchemes"]["accessToken"]
    assert scheme["jwksURIs"][0]["url"] == f"{UPSTREAM}/api/sessions/jwks.json"
    assert scheme["allowedIssuers"] == ["school"]
    assert server["listenPath"] == {"value": "/api/courses", "strip": False}
    assert policy(SETTINGS)["rate"] == 7


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_every_route_is_behind_its_service_s_listen_path(service: ServiceDefinition) -> None:
    document = definition(service, SETTINGS, UPSTREAM)
    listens = document["x-tyk-api-gateway"]["server"]["listenPath"]["value"]
    for path in document["paths"]:
        assert listens == "/" or path == listens or path.startswith(f"{listens}/"), path


def test_the_handbook_says_how_the_gateway_must_match() -> None:
    handbook = (Path(__file__).parents[3] / "docs" / "DEPLOYMENT.md").read_text()
    assert [name for name in GATEWAY_SETTINGS if f"{name}=true" not in handbook] == []


def test_the_command_writes_a_file_for_each_service(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["gateway", "tyk", str(tmp_path / "tyk")])
    assert done.exit_code == 0, done.output
    assert len(list((tmp_path / "tyk").glob("*.json"))) == len(SERVICES) + 1
