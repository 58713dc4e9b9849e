"""The table of models: what it says, and every mistake at once."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from configs.errors import ConfigurationError
from configs.models import STAYS, DataRule, load_models
from stores.vaulted import load_settings

OPENAI = {"provider": "openai", "base_url": "https://api.openai.com/v1", "model": "gpt"}


def load(tmp_path: Path, content: object, **environment: str) -> Any:
    file = tmp_path / "models.yaml"
    file.write_text(content if isinstance(content, str) else yaml.safe_dump(content))
    return load_models(file, environment)


def problems(tmp_path: Path, content: object, **environment: str) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        load(tmp_path, content, **environment)
    return [problem.removeprefix("models.yaml: ") for problem in caught.value.problems]


def test_the_default_answers_from_course_content_and_sends_nothing_away() -> None:
    models = load_models()
    assert models.models["azora-default"].data == STAYS
    assert [[choice.target for choice in group] for group in models.models["azora-default"].targets] == [["extractive"]]
    assert models.targets["azora-embed"].provider == "minilm"
    assert all(target.inside for target in models.targets.values())


def test_a_whole_table(tmp_path: Path) -> None:
    table = """
targets:
  far: {provider: openai, base_url: "https://api.openai.com/v1", api_key_env: AZORA_SECRET_OPENAI, model: gpt,
        region: us, timeouts: {connect: 500ms, total: 10m}, price: {input: 1.5, output: 6}}
  near: {provider: vllm, model: smollm2, context_tokens: 2048}
models:
  mixed: {targets: [[{target: far, weight: 3}, near], [near]], data: any}
  careful: {targets: [[far]], data: {regions: [us]}}
"""
    models = load(tmp_path, table, AZORA_SECRET_OPENAI="sk-secret")
    assert models.models["mixed"].targets[0][0].weight == 3
    assert models.models["careful"].data == DataRule(regions=("us",))
    assert models.targets["far"].timeouts.connect == timedelta(milliseconds=500)
    assert models.targets["near"].inside
    key = models.targets["far"].api_key({"AZORA_SECRET_OPENAI": "sk-secret"})
    assert key.get_secret_value() == "sk-secret"
    assert "sk-secret" not in repr(models) + str(key) + models.model_dump_json()


def test_every_mistake_of_shape_is_told_at_once(tmp_path: Path) -> None:
    found = problems(
        tmp_path,
        {
            "targets": {
                "a": {"provider": "openai"},
                "b": {"provider": "gone"},
                "c": {**OPENAI, "timeouts": {"idle": "soon"}},
                "d": {**OPENAI, "base_url": "https://user:password@host/v1"},
                "e": {"provider": "vllm", "region": "eu"},
            },
            "models": {"m": {"targets": [], "data": "somewhere"}},
            "colour": 1,
        },
    )
    assert [problem.split(":")[0] for problem in found] == [
        "targets.a", "targets.b", "targets.c.timeouts.idle", "targets.d.base_url", "targets.e",
        "models.m.targets", "models.m.data", "colour",
    ]  # fmt: skip
    assert "password" not in " ".join(found)
    assert found[0] == "targets.a: openai needs base_url and model"


def test_every_mistake_between_parts_is_told_at_once(tmp_path: Path) -> None:
    found = problems(
        tmp_path,
        {
            "targets": {"far": {**OPENAI, "region": "us", "api_key_env": "AZORA_SECRET_X"}},
            "models": {"m": {"targets": [["far"], ["gone"]]}, "n": {"targets": [["far"]], "data": {"regions": ["eu"]}}},
        },
    )
    assert found == [
        "models.m: its data rule never permits far (region us)",
        "models.m: there is no target gone",
        "models.n: its data rule never permits far (region us)",
        "targets.far: AZORA_SECRET_X is not set",
    ]


@pytest.mark.parametrize("content", ["targets: {a: 1, a: 2}", "targets: [", "- 1", "models: {m: {targets: [[]]}}"])
def test_what_is_no_table(tmp_path: Path, content: str) -> None:
    assert problems(tmp_path, content)


def test_keys_of_providers_are_no_unknown_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZORA_SECRET_ANYTHING", "sk-1")
    assert load_settings().models_file is None


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError):
        load_models(tmp_path / "absent.yaml")
