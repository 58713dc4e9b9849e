"""The document that readers with software of their own go by."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml
from hypothesis import given
from jsonschema import Draft7Validator, FormatChecker
from typer.testing import CliRunner

from cluster.cli import app
from stores.events import CATALOGUE, TOPICS, Event
from stores.events.asyncapi import to_yaml
from tests.unit.events.support import DOCUMENT, SCHEMAS, events

STORED = Path(__file__).parents[3] / "docs" / "asyncapi.yaml"


def references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if "$ref" in part:
            yield part["$ref"]
        for inner in part.values():
            yield from references(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from references(inner)


def resolve(reference: str) -> Any:
    root, *path = reference.split("/")
    assert root == "#"
    found: Any = DOCUMENT
    for name in path:
        found = found[name]
    return found


def test_the_stored_document_is_the_code_s() -> None:
    assert STORED.read_text() == to_yaml(DOCUMENT), "run: azora events schema > docs/asyncapi.yaml"
    assert yaml.safe_load(STORED.read_text()) == DOCUMENT


def test_the_command_prints_it() -> None:
    assert CliRunner().invoke(app, ["events", "schema"]).stdout == to_yaml(DOCUMENT)


def test_every_reference_resolves() -> None:
    found = set(references(DOCUMENT))
    assert len(found) > len(CATALOGUE)
    assert all(resolve(reference) for reference in found)


def test_it_has_the_parts_that_asyncapi_asks_for() -> None:
    assert DOCUMENT["asyncapi"] == "3.0.0"
    assert {"title", "version"} <= DOCUMENT["info"].keys()
    assert set(DOCUMENT["channels"]) == set(TOPICS)
    for operation in DOCUMENT["operations"].values():
        assert operation["action"] == "send"
        assert resolve(operation["channel"]["$ref"])["address"] in TOPICS


def test_every_type_is_on_the_channel_of_its_topic() -> None:
    for topic, channel in DOCUMENT["channels"].items():
        assert set(channel["messages"]) == {type for type, declared in CATALOGUE.items() if declared.topic == topic}
    assert set(DOCUMENT["components"]["messages"]) == set(CATALOGUE)


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_schemas_are_json_schemas(name: str) -> None:
    Draft7Validator.check_schema(SCHEMAS[name])  # AsyncAPI's own dialect extends draft 7


@given(events)
def test_what_is_published_satisfies_the_schema_of_its_message(said: Event) -> None:
    payload = DOCUMENT["components"]["messages"][said.type]["payload"]
    schema = {**payload, "components": DOCUMENT["components"]}
    Draft7Validator(schema, format_checker=FormatChecker()).validate(orjson.loads(orjson.dumps(said.envelope())))
