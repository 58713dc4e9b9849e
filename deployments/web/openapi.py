"""One OpenAPI document out of the services' own."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from deployments.kit.service import ServiceDefinition, build_api

_SCHEMA_PREFIX = "#/components/schemas/"


def merge(definitions: Sequence[ServiceDefinition]) -> dict[str, Any]:
    """The document of the whole platform: every path, tagged by service, schemas renamed where two differ."""
    merged: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {
            "title": "Azora",
            "version": "1.0.0",
            "description": "The whole platform. Sign in with `POST /api/sessions`, send `Authorization: Bearer ...`.",
        },
        "tags": [],
        "paths": {},
        "components": {"schemas": {}, "securitySchemes": {}},
    }
    for definition in definitions:
        document = _renamed(build_api(definition).openapi(), definition.name, merged["components"]["schemas"])
        merged["tags"].append({"name": definition.name, "description": definition.description})
        for path, operations in document["paths"].items():
            for operation in operations.values():
                operation["tags"] = [definition.name]
                operation["operationId"] = f"{definition.name}_{operation['operationId']}"
            merged["paths"][path] = operations
        merged["components"]["schemas"].update(document["components"]["schemas"])
        merged["components"]["securitySchemes"].update(document["components"]["securitySchemes"])
    return merged


def _renamed(document: dict[str, Any], service: str, taken: dict[str, Any]) -> dict[str, Any]:
    # Two services may each have, say, a `Summary`; the later one becomes `courses.Summary`.
    clashes = {
        name for name, schema in document["components"]["schemas"].items() if name in taken and taken[name] != schema
    }
    text = json.dumps(document)
    for name in clashes:
        text = text.replace(f'"{_SCHEMA_PREFIX}{name}"', f'"{_SCHEMA_PREFIX}{service}.{name}"')
    renamed: dict[str, Any] = json.loads(text)
    schemas = renamed["components"]["schemas"]
    renamed["components"]["schemas"] = {
        f"{service}.{name}" if name in clashes else name: schema for name, schema in schemas.items()
    }
    return renamed
