"""A local model's values, and what Ray makes of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from cluster.models.application import build
from cluster.models.errors import ExtraMissing
from cluster.models.values import Adapters, LocalModel, Scaling, configuration, name_of
from cluster.serve_configuration import ServeConfiguration
from deployments.llm.engines import application_name

CONFIGS = Path(__file__).parents[3] / "configs"
GPU_FILES = ("serve.llm.gpu.yaml", "serve.llm.gpus.yaml")


def applications(file: str) -> list[dict[str, Any]]:
    document = yaml.safe_load((CONFIGS / file).read_text())
    found: list[dict[str, Any]] = document["applications"]
    return found


@pytest.mark.parametrize(
    ("source", "name"),
    [("Qwen/Qwen3-0.6B", "qwen3-0.6b"), ("/models/My Model/", "my-model"), ("smollm2", "smollm2"), ("/", "local")],
)
def test_names(source: str, name: str) -> None:
    assert name_of(source) == name


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of Ray's own
@pytest.mark.parametrize("file", GPU_FILES)
def test_files_for_gpus_say_what_the_builder_and_serve_understand(file: str) -> None:
    """What Ray's and vLLM's own classes make of them, `tests/acceptance_llm` looks at: they need vLLM."""
    for application in applications(file):
        model = LocalModel.model_validate(application["args"])
        assert application["name"] == application_name(model.name)
        assert application["import_path"] == "serve_app:local_model"
    configuration = ServeConfiguration.read(CONFIGS / file)
    assert configuration.schema()
    assert configuration.route_prefixes == ()  # handles alone reach a model


def test_several_gpus_share_the_layers_and_adapters_are_loaded() -> None:
    (application,) = applications("serve.llm.gpus.yaml")
    values = configuration(LocalModel.model_validate(application["args"]))
    engine = values["engine_kwargs"]
    assert engine["tensor_parallel_size"] == 4
    assert engine["enable_lora"] is True
    assert engine["max_lora_rank"] == 32
    assert values["lora_config"]["dynamic_lora_loading_path"] == "s3://school-adapters/llama-3.3-70b"
    assert "request_router_config" in values["deployment_config"]


def test_a_processor_gets_floats_and_one_bundle() -> None:
    values = configuration(LocalModel(name="small", source="/models/small", device="cpu", cpu_cache_gibibytes=2))
    assert values["engine_kwargs"]["dtype"] == "float32"
    assert values["placement_group_config"] == {"bundles": [{"CPU": 1}]}
    assert values["runtime_env"]["env_vars"]["VLLM_CPU_KVCACHE_SPACE"] == "2"
    assert values["runtime_env"]["env_vars"]["HF_HUB_OFFLINE"] == "1"
    assert "request_router_config" not in values["deployment_config"]  # one replica: nothing to choose


def test_own_arguments_of_the_engine_win() -> None:
    model = LocalModel(name="m", source="org/m", engine={"dtype": "float16", "enable_prefix_caching": False})
    assert configuration(model)["engine_kwargs"]["dtype"] == "float16"
    assert configuration(model)["engine_kwargs"]["enable_prefix_caching"] is False


def test_nothing_is_sent_home() -> None:
    variables = configuration(LocalModel(name="m", source="org/m"))["runtime_env"]["env_vars"]
    assert variables["VLLM_NO_USAGE_STATS"] == "1"


@pytest.mark.parametrize("changed", [{"name": "Upper"}, {"devise": "cpu"}, {"tensor_parallel": 0}, {"source": ""}])
def test_wrong_values_are_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        LocalModel.model_validate({"name": "m", "source": "org/m", **changed})


@pytest.mark.parametrize("location", ["adapters", "http://example.org/x", "s3://with space"])
def test_adapters_are_in_a_folder_or_in_object_storage(location: str) -> None:
    with pytest.raises(ValidationError):
        Adapters(location=location)


def test_replicas_are_chosen_by_prefix_where_there_may_be_several() -> None:
    several = LocalModel(name="m", source="org/m", scaling=Scaling(max_replicas=2))
    assert several.routes_by_prefix
    assert not several.model_copy(update={"prefix_routing": False}).routes_by_prefix


def test_without_vllm_the_builder_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cluster.models.application.find_spec", lambda _: None)
    with pytest.raises(ExtraMissing, match="make llm"):
        build(LocalModel(name="m", source="org/m"))
