"""The checks of .ci that no ready-made tool does: they must be able to say no."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[3]

DEFINITION = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "wishes.example.org"},
    "spec": {
        "group": "example.org",
        "names": {"kind": "Wish"},
        "versions": [
            {
                "name": "v1",
                "schema": {
                    "openAPIV3Schema": {
                        "type": "object",
                        "properties": {
                            "spec": {
                                "type": "object",
                                "properties": {"size": {"type": "integer"}},
                                "required": ["size"],
                            }
                        },
                    }
                },
            }
        ],
    },
}


def wish(**spec: Any) -> dict[str, Any]:
    return {"apiVersion": "example.org/v1", "kind": "Wish", "metadata": {"name": "a"}, "spec": spec}


@pytest.fixture
def checks() -> ModuleType:
    specification = importlib.util.spec_from_file_location("custom_resources", ROOT / ".ci" / "custom_resources.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.fixture
def schemas(tmp_path: Path) -> Path:
    """A folder of definitions as a project publishes them, with something else beside."""
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "crd.yaml").write_text(yaml.safe_dump_all([DEFINITION, {"kind": "ConfigMap"}, ["a list"]]))
    return tmp_path


@pytest.mark.parametrize(
    ("spec", "wrong"), [({"size": 1}, ""), ({"size": "1"}, "spec.size"), ({"size": 1, "sise": 2}, "sise"), ({}, "size")]
)
def test_a_resource_is_held_to_its_definition(
    checks: ModuleType, schemas: Path, spec: dict[str, Any], wrong: str
) -> None:
    found = checks.problems(wish(**spec), schemas)
    assert bool(found) is bool(wrong)
    assert wrong in " ".join(found)


def test_a_resource_without_a_definition_is_no_resource_that_was_checked(checks: ModuleType, schemas: Path) -> None:
    assert checks.problems(wish() | {"kind": "Dream"}, schemas)


@pytest.mark.parametrize(("named", "code"), [(True, 1), (False, 0)])
def test_schemas_that_are_named_must_be_there(
    checks: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    named: bool, code: int,
) -> None:  # fmt: skip
    monkeypatch.setattr(checks, "__file__", "/dev/null/nowhere.py")  # no schemas above it, wherever tests run
    if named:
        monkeypatch.setenv("AZORA_SCHEMAS", str(tmp_path / "absent"))
    else:
        monkeypatch.delenv("AZORA_SCHEMAS", raising=False)
    rendered = tmp_path / "rendered.yaml"
    rendered.write_text(yaml.safe_dump(wish(size=1)))
    monkeypatch.setattr(sys, "argv", ["custom_resources.py", str(rendered), "--pods", str(tmp_path / "pods.yaml")])
    assert checks.main() == code
    assert ("left out" in capsys.readouterr().out) is not named
