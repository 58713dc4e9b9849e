"""What `azora up --llm` makes of a folder and of the table of models."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cluster.models.errors import ModelUnknown
from cluster.models.finding import Found
from cluster.models.local import plan, with_model, write_table
from cluster.serve_configuration import ServeConfiguration
from cluster.up import LOCAL_TOPOLOGY
from configs.models import load_models

SMOLLM2 = {
    "max_position_embeddings": 8192,
    "num_hidden_layers": 30,
    "num_attention_heads": 9,
    "num_key_value_heads": 3,
    "head_dim": 64,
}


def found(folder: Path, **described: object) -> Found:
    (folder / "config.json").write_text(json.dumps(described))
    return Found("small", folder)


def test_a_processor_gets_a_cache_for_two_long_conversations(tmp_path: Path) -> None:
    run = plan(found(tmp_path, **SMOLLM2), "cpu")
    assert run.context_tokens == 8192
    assert run.model.cpu_cache_gibibytes == 1
    large = {**SMOLLM2, "max_position_embeddings": 131072, "num_key_value_heads": 9}
    assert plan(found(tmp_path, **large), "cpu").context_tokens == 8192
    assert plan(found(tmp_path, **large), "cpu").model.cpu_cache_gibibytes == 3


def test_a_gpu_takes_all_the_model_was_made_for(tmp_path: Path) -> None:
    run = plan(found(tmp_path, **{**SMOLLM2, "max_position_embeddings": 131072}), "gpu")
    assert run.context_tokens == 131072
    assert run.model.context_tokens is None


@pytest.mark.parametrize("content", ["{", "[]"])
def test_a_configuration_that_describes_nothing(tmp_path: Path, content: str) -> None:
    (tmp_path / "config.json").write_text(content)
    with pytest.raises(ModelUnknown):
        plan(Found("small", tmp_path), "cpu")


def test_the_model_joins_the_table_and_leads_the_default(tmp_path: Path) -> None:
    run = plan(found(tmp_path, **SMOLLM2), "cpu")
    models = load_models(write_table(run, None, tmp_path / "models.yaml"))
    assert models.targets["small"].provider == "vllm"
    assert models.targets["small"].context_tokens == 8192
    assert [choice.target for choice in models.models["small"].targets[0]] == ["small"]
    groups = models.models["azora-default"].targets
    assert [group[0].target for group in groups] == ["small", "extractive"]


def test_a_table_of_ones_own_is_kept(tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    own.write_text("targets: {e: {provider: extractive}}\nmodels: {mine: {targets: [[e]]}}\n")
    run = plan(found(tmp_path, **SMOLLM2), "cpu")
    models = load_models(write_table(run, own, tmp_path / "models.yaml"))
    assert set(models.models) == {"mine", "small", "azora-default"}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of Ray's own
def test_the_model_is_an_application_without_a_route(tmp_path: Path) -> None:
    run = plan(found(tmp_path, **SMOLLM2), "cpu")
    before = ServeConfiguration.read(LOCAL_TOPOLOGY)
    after = with_model(before, run)
    assert after.applications == [*before.applications, "model-small"]
    assert after.route_prefixes == before.route_prefixes
    assert after.schema().applications[-1].args["source"] == str(tmp_path)
