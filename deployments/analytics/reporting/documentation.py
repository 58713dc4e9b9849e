"""The request body of the route that takes events, as OpenAPI has it: it is read raw, so FastAPI cannot describe it."""

from __future__ import annotations

from typing import Any

from deployments.analytics.reporting.incoming import MAXIMUM_EVENTS, TYPES, Incoming
from stores.events import EventType
from stores.events.envelope import TYPE_PREFIX

ONE, BATCH, EITHER = "application/cloudevents+json", "application/cloudevents-batch+json", "application/json"


def _variant(declared: EventType) -> dict[str, Any]:
    envelope = Incoming.model_json_schema()
    data = declared.data.model_json_schema()
    data["properties"]["user_id"]["description"] = "Oneself where it is left out; only administrators may name others"
    data["required"] = [name for name in data["required"] if name != "user_id"]
    data["additionalProperties"] = False
    data.pop("description", None)
    envelope["properties"] |= {"type": {"enum": [declared.type, f"{TYPE_PREFIX}{declared.type}"]}, "data": data}
    return {**envelope, "title": declared.type, "description": declared.description}


def _example() -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": "0b1f6c3e-5f0a-4f57-9a53-1f0a3b1a7c11",
        "source": "/apps/reader",
        "type": "azora.search.performed.v1",
        "data": {"results": 12},
    }


_EVENT = {"oneOf": [_variant(declared) for declared in TYPES.values()]}
# Broken events of a batch are told apart from good ones, so a batch as such may hold anything.
_EVENTS = {
    "type": "array",
    "minItems": 1,
    "maxItems": MAXIMUM_EVENTS,
    "items": {"description": "An event, as it can be sent alone"},
}
BODY_DOCUMENTATION: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            ONE: {"schema": _EVENT, "example": _example()},
            BATCH: {"schema": _EVENTS, "example": [_example()]},
            EITHER: {"schema": {"anyOf": [_EVENT, _EVENTS]}, "example": [_example()]},
        },
    }
}
