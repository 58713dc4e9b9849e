"""The catalogue as an AsyncAPI 3.0 document: for whoever reads the topics with software of their own."""

from __future__ import annotations

from typing import Any

import yaml
from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from stores.events.catalogue import CATALOGUE
from stores.events.declarations import TOPICS, EventType, Topic
from stores.events.envelope import TYPE_PREFIX, Envelope

MEDIA_TYPE = "application/cloudevents+json"
_SCHEMAS = "#/components/schemas/{model}"
_ABOUT: dict[Topic, str] = {
    "user_events": "People, their sessions, invitations and organisations",
    "course_events": "Courses and reviews of them",
    "enrollment_events": "What becomes of learners in their courses",
    "ai_events": "What language models were asked for",
    "analytics_events": "What clients report",
}
_INTRODUCTION = (
    "What happens on the platform, as CloudEvents 1.0 in structured mode. Events of one key keep their order. "
    "Within a version of a type fields may be added, so readers pass over those they do not know; "
    "any other change makes a new version."
)


class _Untitled(GenerateJsonSchema):
    """Without titles that repeat the names of fields, and with descriptions on one line."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def model_schema(self, schema: Any) -> dict[str, Any]:
        made = super().model_schema(schema)
        made.pop("title", None)
        if "description" in made:
            made["description"] = " ".join(made["description"].split())
        return made


def document() -> dict[str, Any]:
    """The AsyncAPI 3.0 document of all topics and types of events."""
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Azora events", "version": "1", "description": _INTRODUCTION},
        "defaultContentType": MEDIA_TYPE,
        "channels": {topic: _channel(topic) for topic in TOPICS},
        "operations": {f"{topic}.send": _operation(topic) for topic in TOPICS},
        "components": {
            "messages": {type: _message(declared) for type, declared in CATALOGUE.items()},
            "schemas": _schemas(),
        },
    }


def to_yaml(document: dict[str, Any]) -> str:
    """The document as text."""
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=120)


def _channel(topic: Topic) -> dict[str, Any]:
    types = [type for type, declared in CATALOGUE.items() if declared.topic == topic]
    return {
        "address": topic,
        "description": _ABOUT[topic],
        "messages": {type: {"$ref": f"#/components/messages/{type}"} for type in types},
    }


def _operation(topic: Topic) -> dict[str, Any]:
    return {"action": "send", "channel": {"$ref": f"#/channels/{topic}"}, "summary": _ABOUT[topic]}


def _message(declared: EventType) -> dict[str, Any]:
    narrowed = {
        "type": {"type": "string", "const": f"{TYPE_PREFIX}{declared.type}"},
        "data": {"$ref": _ref(declared.data)},
    }
    return {
        "name": f"{TYPE_PREFIX}{declared.type}",
        "summary": declared.description,
        "payload": {"allOf": [{"$ref": _ref(Envelope)}, {"type": "object", "properties": narrowed}]},
        "bindings": {"kafka": {"key": {"type": "string", "description": f"The {declared.keyed_by}'s id"}}},
    }


def _ref(model: type) -> str:
    return _SCHEMAS.format(model=model.__name__)


def _schemas() -> dict[str, Any]:
    models = {declared.data for declared in CATALOGUE.values()} | {Envelope}
    ordered = sorted(models, key=lambda model: model.__name__)
    _, made = models_json_schema(
        [(model, "serialization") for model in ordered], ref_template=_SCHEMAS, schema_generator=_Untitled
    )
    return dict(sorted(made["$defs"].items()))
