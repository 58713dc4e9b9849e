"""Random data of any type of event, from the schema that is published of it."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import Any

from hypothesis import strategies as st

from stores.events import CATALOGUE, Event
from stores.events.asyncapi import document
from stores.events.declarations import KEY_FIELDS
from stores.ids import new_id

DOCUMENT = document()
SCHEMAS: dict[str, Any] = DOCUMENT["components"]["schemas"]
ORG = new_id()
_TIMES = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC))


def values(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """What a schema admits; of JSON Schema as much as ours are written in."""
    if "$ref" in schema:
        return values(SCHEMAS[schema["$ref"].rpartition("/")[2]])
    if "anyOf" in schema:
        return st.one_of([values(one) for one in schema["anyOf"]])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    low, high = schema.get("minimum"), schema.get("maximum")
    match schema["type"]:
        case "null":
            return st.none()
        case "boolean":
            return st.booleans()
        case "integer":
            return st.integers(low, high)
        case "number":
            return st.floats(low, high)
        case "array":
            return st.lists(values(schema["items"]), max_size=4)
        case "object":
            return _objects(schema)
    return _strings(schema)


def _strings(schema: dict[str, Any]) -> st.SearchStrategy[str]:
    match schema.get("format"):
        case "uuid":
            return st.uuids().map(str)
        case "date-time":
            return _TIMES.map(datetime.isoformat)
    longest = schema.get("maxLength", 50)
    if "pattern" in schema:
        found = st.from_regex(schema["pattern"].replace("$", r"\Z").replace("^", r"\A", 1))
        return found.filter(lambda text: len(text) <= longest)
    return st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=longest)


def _objects(schema: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    if "patternProperties" in schema:
        ((pattern, items),) = schema["patternProperties"].items()
        keys = _strings({**schema["propertyNames"], "pattern": pattern})
        return st.dictionaries(keys, values(items), max_size=4)
    fields = {name: values(field) for name, field in schema["properties"].items()}
    required = {name: field for name, field in fields.items() if name in schema["required"]}
    optional = {name: field for name, field in fields.items() if name not in required}
    return st.fixed_dictionaries(required, optional=optional)


@cache
def data_of(type: str) -> st.SearchStrategy[dict[str, Any]]:
    return values(SCHEMAS[CATALOGUE[type].data.__name__])


def event(type: str, data: dict[str, Any], **more: Any) -> Event:
    """An event of a type, keyed as it must be."""
    declared = CATALOGUE[type]
    key = str(data[KEY_FIELDS[declared.keyed_by]] or ORG)
    return Event(
        **{"topic": declared.topic, "type": type, "source": "/test", "subject": key, "key": key, "org_id": ORG, **more},
        data=data,
    )


events: st.SearchStrategy[Event] = st.sampled_from(sorted(CATALOGUE)).flatmap(
    lambda type: data_of(type).map(lambda data: event(type, data))
)
