"""The parts of the Ray runtime that need no Ray."""

from __future__ import annotations

import os
import stat
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from cluster import ray_environment
from cluster.errors import RayStartFailed
from cluster.memory import proportional_bytes
from cluster.ray_environment import RayOptions, ensure_token, export, head_environment, prune_sessions, ray_directory
from cluster.ray_runtime import RayRuntime
from cluster.serve_configuration import ServeConfiguration
from configs.errors import ConfigurationError


@pytest.fixture
def options(tmp_path: Path) -> RayOptions:
    return RayOptions(directory=tmp_path / "ray", token_file=tmp_path / "token")


def test_the_environment_gives_every_process_its_own_ports(options: RayOptions, tmp_path: Path) -> None:
    environment = head_environment(options, ("/",), tmp_path)
    ports = {environment[f"RAY_SERVE_{n}"] for n in ("HAPROXY_STATS_PORT", "HAPROXY_METRICS_PORT")}
    assert len(ports | {environment["RAY_SERVE_FALLBACK_PROXY_HTTP_PORT"]}) == 3
    assert environment["RAY_AUTH_MODE"] == "token"
    assert environment["RAY_USAGE_STATS_ENABLED"] == "0"
    assert environment["PATH"].split(os.pathsep)[0] == str(Path(sys.executable).parent)  # what submitted jobs run in
    assert os.access(environment["RAY_SERVE_HAPROXY_BINARY_PATH"], os.X_OK)


def test_chosen_values_win(tmp_path: Path) -> None:
    options = RayOptions(
        directory=tmp_path,
        token_file=tmp_path / "token",
        haproxy_statistics_port=18404,
        answer_timeout=timedelta(seconds=7),
        environment={"RAY_SERVE_HAPROXY_NBTHREAD": "1", "AZORA_X": "y"},
    )
    environment = head_environment(options, ("/",), tmp_path)
    assert environment["RAY_SERVE_HAPROXY_STATS_PORT"] == "18404"
    assert environment["RAY_SERVE_HAPROXY_TIMEOUT_SERVER_S"] == "7"
    assert environment["RAY_SERVE_HAPROXY_NBTHREAD"] == "1"
    assert environment["AZORA_X"] == "y"


def test_ray_imported_too_early_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RAY_SERVE_ENABLE_HA_PROXY", raising=False)
    monkeypatch.setitem(sys.modules, "ray", object())
    with pytest.raises(RuntimeError, match="RAY_SERVE_ENABLE_HA_PROXY"):
        export({"RAY_SERVE_ENABLE_HA_PROXY": "1"})
    assert "RAY_SERVE_ENABLE_HA_PROXY" not in os.environ


def test_the_token_is_made_once_and_is_private(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "token"
    ensure_token(path)
    first = path.read_text()
    ensure_token(path)
    assert path.read_text() == first
    assert len(first) == 64
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_directory_too_long_for_sockets_is_replaced(tmp_path: Path) -> None:
    assert ray_directory(Path("/home/person/.azora/ray"), tmp_path) == Path("/home/person/.azora/ray")
    assert ray_directory(Path("/" + "x" * 60), tmp_path) == tmp_path / "ray"


def test_old_sessions_go_and_living_ones_stay(tmp_path: Path) -> None:
    names = [f"session_2026-01-0{day}_00-00-00_000000_{pid}" for day, pid in enumerate((os.getpid(), 2**22 + 1, 7), 1)]
    for name in names:
        (tmp_path / name).mkdir()
    (tmp_path / "session_latest").symlink_to(tmp_path / names[2])
    prune_sessions(tmp_path, keep=1)
    assert sorted(path.name for path in tmp_path.iterdir()) == [names[0], names[2], "session_latest"]


def test_scratch_is_private_short_and_replaces_what_the_dead_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ray_environment, "_SCRATCH_PARENT", tmp_path)
    dead, living = tmp_path / f"azora-{2**22 + 1}-a", tmp_path / f"azora-{os.getpid()}-b"
    dead.mkdir()
    living.mkdir()
    scratch = ray_environment.make_scratch()
    assert set(tmp_path.iterdir()) == {living, scratch}
    assert stat.S_IMODE(scratch.stat().st_mode) == 0o700
    assert len(scratch.name) <= len("azora-4194304-abcdefgh")


def test_a_configuration_is_read(tmp_path: Path) -> None:
    path = tmp_path / "serve.yaml"
    path.write_text(
        "applications:\n- {name: users, route_prefix: /api/users, import_path: a:b}\n- {import_path: a:c}\n"
    )
    configuration = ServeConfiguration.read(path)
    assert configuration.applications == ["users", "default"]
    assert configuration.route_prefixes == ("/api/users", "/")


@pytest.mark.parametrize("text", ["", "[1]", "applications: 3", "applications: [x]", "a: [unclosed"])
def test_a_configuration_that_names_no_application_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "serve.yaml"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=r"serve\.yaml"):
        ServeConfiguration.read(path)


def test_a_missing_configuration_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="absent"):
        ServeConfiguration.read(tmp_path / "absent")


@pytest.mark.parametrize("address", ["nonsense", "127.0.0.1:1"])
def test_a_cluster_that_is_not_there_is_said_at_once(address: str) -> None:
    with pytest.raises(RayStartFailed, match=f"No Ray cluster answers at {address}"):
        RayRuntime.connect(address)


def test_memory_counts_this_process() -> None:
    assert sum(proportional_bytes(os.getpid()).values()) > 2**20
