"""Nodes on one machine, as far as they can be looked at without starting any."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import pytest

from cluster import node
from cluster.embedded.home import Home
from cluster.several.autoscaling import configuration
from cluster.several.gcs_store import GcsStore
from cluster.several.network import Namespace
from cluster.several.ray_node import NodePlan
from cluster.several.shape import Shape
from configs import placement
from configs.errors import ConfigurationError
from configs.settings import Settings

HERE = Namespace("azora64-w1", "10.213.64.3")


def test_the_head_takes_nothing_and_its_password_is_not_on_the_command_line() -> None:
    command = NodePlan(label="head", namespace=HERE, head=None, cpus=0, directory=Path("/tmp/h")).command()
    words = shlex.split(command)
    assert {"--head", "--num-cpus=0", "--resources={}", "--block"} <= set(words)
    assert '--redis-password="$RAY_REDIS_PASSWORD"' in command


def test_a_worker_declares_what_it_takes() -> None:
    resources = placement.node_resources((placement.SERVICES, placement.ACTORS))
    plan = NodePlan(
        label="worker 1", namespace=HERE, head="10.213.64.2", cpus=8, resources=resources, directory=Path("/tmp/w")
    )
    words = shlex.split(plan.command())
    assert '--resources={"azora_services": 1.0, "azora_actors": 1.0}' in words
    assert "--address=10.213.64.2:6379" in words
    assert not any(word.startswith("--redis-password") for word in words)


def test_a_namespace_has_its_own_network_and_processes() -> None:
    words = HERE.command("true")
    assert words[:4] == ["ip", "netns", "exec", "azora64-w1"]
    assert {"--pid", "--kill-child", "--mount-proc"} <= set(words)


def test_the_head_s_store_wants_a_password_and_listens_on_the_bridge_alone(tmp_path: Path) -> None:
    store = GcsStore(Home(tmp_path).create(), "10.213.64.1")
    lines = store.render_configuration().splitlines()
    assert {'bind "10.213.64.1"', 'port "6380"', f'requirepass "{store.password}"'} <= set(lines)
    assert 'appendfsync "always"' in lines
    assert sum(line.startswith("port ") for line in lines) == 1


def test_the_autoscaler_adds_nodes_that_take_services() -> None:
    found = configuration(Shape(workers=0, worker_cpus=4, autoscaled_to=3, idle_seconds=30))
    workers = found["available_node_types"]["azora.services"]
    assert workers["resources"] == {"CPU": 4, "azora_services": 1, "azora_actors": 1}
    assert (workers["max_workers"], found["idle_timeout_minutes"]) == (3, 0.5)


def test_a_node_without_addresses_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "execv", lambda *_: pytest.fail("started"))
    with pytest.raises(ConfigurationError) as caught:
        node.become(Settings(database_url="postgresql://db/azora"), "true")
    assert {problem.partition(":")[0] for problem in caught.value.problems} == {
        "AZORA_VALKEY_URL", "AZORA_DATA_KEYS", "AZORA_SERVICES_URL",
    }  # fmt: skip


def test_a_node_is_started_in_the_environment_that_ray_needs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    started: list[list[str]] = []
    exported: dict[str, str] = {}
    monkeypatch.setattr(os, "execv", lambda _program, words: started.append(words))
    monkeypatch.setattr(node, "export", exported.update)
    settings = Settings(
        database_url="postgresql://db/azora", valkey_url="valkey://v", data_keys="k1:" + "A" * 43 + "=",
        services_url="http://10.0.1.5:8000",
    )  # fmt: skip
    node.become(settings, "ray start --head", tmp_path / "s")
    assert started == [["/bin/sh", "-c", "exec ray start --head"]]
    assert exported["RAY_SERVE_ENABLE_HA_PROXY"] == "1"
    assert exported["RAY_AUTH_MODE"] == "token"
    assert exported["RAY_SERVE_HAPROXY_BINARY_PATH"].startswith(str(tmp_path))
    assert Path(exported["PROMETHEUS_MULTIPROC_DIR"]).is_dir()
