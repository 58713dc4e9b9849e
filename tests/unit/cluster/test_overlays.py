"""What `kubectl apply -k` would send for each overlay, as far as it can be judged without a cluster."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[3]
KUBERNETES = ROOT / "cluster" / "kubernetes"
DEPLOYMENT = (ROOT / "docs" / "DEPLOYMENT.md").read_text()
# Those that are shipped, and those that show what a component makes of one.
FOLDERS = {path.name: path for place in (KUBERNETES, ROOT / ".ci") for path in sorted((place / "overlays").iterdir())}
WAVE = "argocd.argoproj.io/sync-wave"

pytestmark = pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not here")
every_overlay = pytest.mark.parametrize("overlay", FOLDERS)


@cache
def rendered(overlay: str) -> list[dict[str, Any]]:
    command = ["kubectl", "kustomize", str(FOLDERS[overlay])]
    return list(yaml.safe_load_all(subprocess.run(command, check=True, capture_output=True, timeout=60).stdout))


def of_kind(overlay: str, *kinds: str) -> list[dict[str, Any]]:
    return [item for item in rendered(overlay) if item["kind"] in kinds]


def pods(document: Any) -> Iterator[dict[str, Any]]:
    """Every pod template in a document, those of Ray's resources among them."""
    if isinstance(document, dict):
        if "containers" in document.get("spec", {}):
            yield document
        for value in document.values():
            yield from pods(value)
    elif isinstance(document, list):
        for value in document:
            yield from pods(value)


def selects(selector: dict[str, Any], labels: dict[str, str]) -> bool:
    listed = (
        one["key"] in labels and labels[one["key"]] in one["values"] for one in selector.get("matchExpressions", [])
    )
    return selector.get("matchLabels", {}).items() <= labels.items() and all(listed)


def ray_cluster(overlay: str) -> dict[str, Any]:
    (service,) = of_kind(overlay, "RayService")
    found: dict[str, Any] = service["spec"]["rayClusterConfig"]
    return found


def settings(overlay: str) -> dict[str, str]:
    (found,) = (item for item in of_kind(overlay, "ConfigMap") if item["metadata"]["name"] == "azora-settings")
    values: dict[str, str] = found["data"]
    return values


@every_overlay
def test_clusters_of_an_upgrade_keep_their_records_apart(overlay: str) -> None:
    """Old and new cluster share the store; KubeRay keeps them apart, unless the manifest names the namespace."""
    (service,) = of_kind(overlay, "RayService")
    assert service["spec"]["upgradeStrategy"]["type"] == "NewCluster"
    assert "externalStorageNamespace" not in ray_cluster(overlay)["gcsFaultToleranceOptions"]


@every_overlay
def test_budgets_let_nodes_be_drained(overlay: str) -> None:
    """Pods of a RayCluster have no scale subresource: only a number of pods that must stay can be counted."""
    cluster = ray_cluster(overlay)
    workers = next(group for group in cluster["workerGroupSpecs"] if group["groupName"] == "services")
    labels = workers["template"]["metadata"]["labels"] | {"ray.io/group": "services"}  # KubeRay's own
    head = cluster["headGroupSpec"]["template"]["metadata"]["labels"]
    for budget in of_kind(overlay, "PodDisruptionBudget"):
        assert isinstance(budget["spec"].get("minAvailable"), int)
        assert not selects(budget["spec"]["selector"], head)
        if selects(budget["spec"]["selector"], labels):
            assert budget["spec"]["minAvailable"] < workers["minReplicas"]


@every_overlay
def test_the_migration_comes_after_what_it_needs_and_before_all_else(overlay: str) -> None:
    (job,) = of_kind(overlay, "Job")
    annotations = job["metadata"]["annotations"]
    assert annotations["argocd.argoproj.io/hook"] == "Sync"
    before = [item for item in rendered(overlay) if _wave(item) < _wave(job)]
    after = [item for item in rendered(overlay) if _wave(item) > _wave(job)]
    assert len(before) + len(after) + 1 == len(rendered(overlay))
    for item in rendered(overlay):  # kubectl's way to the same order
        assert (item["metadata"].get("labels", {}).get("azora/stage") == "schema") is (item not in after), item[
            "metadata"
        ]
    assert {item["kind"] for item in after} >= {"RayService", "StatefulSet"}
    _assert_enough_for_a_pod(job["spec"]["template"], before)


def _wave(item: dict[str, Any]) -> int:
    return int(item["metadata"].get("annotations", {}).get(WAVE, 0))


def _assert_enough_for_a_pod(pod: dict[str, Any], there: list[dict[str, Any]]) -> None:
    names = {(item["kind"], item["metadata"]["name"]) for item in there}
    assert ("ServiceAccount", pod["spec"]["serviceAccountName"]) in names
    for source in pod["spec"]["containers"][0]["envFrom"]:
        if "configMapRef" in source:
            assert ("ConfigMap", source["configMapRef"]["name"]) in names
    labels = pod["metadata"]["labels"]
    policies = [item["spec"] for item in there if item["kind"] == "NetworkPolicy"]
    ports = {
        port["port"]
        for policy in policies
        if selects(policy["podSelector"], labels)
        for rule in policy.get("egress", [])
        for port in rule["ports"]
    }
    assert {53, 5432, 8200} <= ports


@every_overlay
def test_every_process_of_the_platform_can_prove_itself_to_the_vault(overlay: str) -> None:
    token = Path(settings(overlay)["AZORA_VAULT_KUBERNETES_TOKEN"])
    seen = 0
    for pod in pods(rendered(overlay)):
        for container in pod["spec"]["containers"]:
            sources = container.get("envFrom", [])
            if not any(source.get("configMapRef", {}).get("name") == "azora-settings" for source in sources):
                continue
            seen += 1
            mount = next(one for one in container["volumeMounts"] if one["mountPath"] == str(token.parent))
            volume = next(one for one in pod["spec"]["volumes"] if one["name"] == mount["name"])
            (source,) = volume["projected"]["sources"]
            assert source["serviceAccountToken"]["path"] == token.name
            assert source["serviceAccountToken"]["audience"] == "vault"
            secret = next(
                one["secretRef"] for one in sources if one.get("secretRef", {}).get("name") == "azora-secrets"
            )
            assert secret["optional"] is True, "with a vault there is no such secret"
    assert seen >= 3


@every_overlay
def test_who_comes_from_another_namespace_is_told_to_be_in_the_mesh(overlay: str) -> None:
    """Where the mesh is strict, who is not in it has no identity and is refused."""
    told = re.search(r"kubectl label namespace (.+) istio\.io/dataplane-mode=ambient", DEPLOYMENT)
    assert told is not None
    strangers = {
        principal.split("/")[2]
        for policy in of_kind(overlay, "AuthorizationPolicy")
        for rule in policy["spec"].get("rules", [])
        for source in rule["from"]
        for principal in source["source"]["principals"]
    } - {"azora", "istio-ingress"}  # the gateway is itself a proxy of the mesh
    assert strangers == set(told[1].split())


def test_the_operator_runs_what_is_shipped_for_it() -> None:
    """RayCronJob is behind a gate that is closed by default."""
    values = yaml.safe_load((KUBERNETES / "operator.yaml").read_text())
    assert of_kind("production", "RayCronJob")
    assert {"name": "RayCronJob", "enabled": True} in values["featureGates"]
    assert "cluster/kubernetes/operator.yaml" in DEPLOYMENT


def test_a_cluster_on_one_s_own_machine_asks_no_registry_and_works_by_day_alone() -> None:
    assert not of_kind("development", "CronJob", "RayCronJob", "PersistentVolumeClaim")
    for pod in pods(rendered("development")):
        for container in pod["spec"]["containers"]:
            built_here = "/" not in container["image"]
            assert (container["imagePullPolicy"] == "IfNotPresent") is built_here


def test_backups_are_copied_by_an_account_that_does_nothing_else() -> None:
    (job,) = of_kind("aws", "CronJob")
    (pod,) = pods(job)
    account = pod["spec"]["serviceAccountName"]
    assert [item["spec"].get("serviceAccountName") for item in _all_pod_specs("aws")].count(account) == 1
    (entry,) = (item for item in of_kind("aws", "ServiceAccount") if item["metadata"]["name"] == account)
    role = entry["metadata"]["annotations"]["eks.amazonaws.com/role-arn"]
    terraform = (ROOT / "cluster" / "terraform" / "addons.tf").read_text()
    assert f'backup  = "azora:{account}"' in terraform
    assert role.endswith(":role/azora-production-pod-backup")
    made, copied = pod["spec"]["initContainers"][0], pod["spec"]["containers"][0]
    assert "azora backup --verify" in made["args"][0]
    assert "aws s3 cp" in copied["args"][0]
    assert {mount["mountPath"] for mount in made["volumeMounts"]} >= {"/backups"}
    assert {mount["mountPath"] for mount in copied["volumeMounts"]} >= {"/backups"}


def _all_pod_specs(overlay: str) -> list[dict[str, Any]]:
    return [pod for document in rendered(overlay) for pod in pods(document)]


def test_every_volume_on_aws_finds_a_class() -> None:
    """A disk is for one machine; what several share is a file system."""
    classes = {item["metadata"]["name"]: item for item in of_kind("aws", "StorageClass")}
    (default,) = (
        item for item in classes.values()
        if item["metadata"].get("annotations", {}).get("storageclass.kubernetes.io/is-default-class") == "true"
    )  # fmt: skip
    for claim in of_kind("aws", "PersistentVolumeClaim"):
        found = classes.get(claim["spec"].get("storageClassName", ""), default)
        shared = "ReadWriteMany" in claim["spec"]["accessModes"]
        assert found["provisioner"] == ("efs.csi.aws.com" if shared else "ebs.csi.aws.com")


class Nights:
    """The scripts of the nightly backup, run for real beside an `azora` and an `aws` that only write down what they are
    asked, and fail where there is a file `bad` or `refused`."""

    def __init__(self, overlay: str, place: Path) -> None:
        (job,) = of_kind(overlay, "CronJob")
        (self._pod,) = pods(job)
        self.place, self.folder, programs = place, place / "backups", place / "bin"
        self.folder.mkdir()
        programs.mkdir()
        _program(programs / "azora", f'case "$2" in --verify) test ! -e {place}/bad;; *) echo backup > "$2";; esac')
        _program(programs / "aws", f'test ! -e {place}/refused && echo "$4" >> {place}/copied')
        self._path = f"{programs}:/usr/bin:/bin"

    def run(self) -> bool:
        """Whether every container came to a good end; none begins after one that did not."""
        spec = self._pod["spec"]
        return all(self._ends_well(container) for container in [*spec.get("initContainers", []), *spec["containers"]])

    def _ends_well(self, container: dict[str, Any]) -> bool:
        given = {entry["name"]: entry["value"] for entry in container.get("env", [])}
        script = container["args"][0].replace("/backups/", f"{self.folder}/").replace("/backups ", f"{self.folder} ")
        command = [*container["command"], script]
        return subprocess.run(command, env={**given, "PATH": self._path}, timeout=30, check=False).returncode == 0

    def old(self, name: str) -> Path:
        file = self.folder / name
        file.touch()
        os.utime(file, (time.time() - 15 * 86_400,) * 2)
        return file


def test_backups_are_copied_only_once_they_have_been_verified(tmp_path: Path) -> None:
    nights = Nights("aws", tmp_path)
    (tmp_path / "bad").touch()
    assert not nights.run()
    assert list(nights.folder.iterdir()) == []  # what failed takes no room
    (tmp_path / "bad").unlink()
    killed = nights.old("azora-2000-01-01T0130.backup.unverified")
    assert nights.run()
    assert not killed.exists()
    (good,) = nights.folder.glob("*.backup")
    assert nights.run()
    copied = (tmp_path / "copied").read_text().splitlines()
    assert copied.count(str(good)) == 1


def test_no_backup_is_deleted_that_was_not_copied(tmp_path: Path) -> None:
    nights = Nights("aws", tmp_path)
    old = nights.old("azora-2000-01-01T0130.backup")
    (tmp_path / "refused").touch()
    assert not nights.run()
    assert old.exists()
    (tmp_path / "refused").unlink()
    assert nights.run()
    assert str(old) in (tmp_path / "copied").read_text()
    assert nights.run()
    assert list(nights.folder.glob("azora-2000*")) == []


def test_where_nothing_copies_backups_old_ones_are_deleted(tmp_path: Path) -> None:
    nights = Nights("production", tmp_path)
    old = nights.old("azora-2000-01-01T0130.backup")
    assert nights.run()
    assert not old.exists()
    assert len(list(nights.folder.glob("*.backup"))) == 1


def _program(path: Path, script: str) -> None:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


@every_overlay
def test_prometheus_finds_every_node_of_the_platform(overlay: str) -> None:
    (job,) = yaml.safe_load((ROOT / "cluster" / "prometheus" / "scrape.kubernetes.yml").read_text())["scrape_configs"]
    (namespace,) = {item["metadata"]["name"] for item in of_kind(overlay, "Namespace")}
    assert job["kubernetes_sd_configs"][0]["namespaces"]["names"] == [namespace]
    keep = next(rule for rule in job["relabel_configs"] if rule["action"] == "keep")
    assert keep["source_labels"] == [
        "__meta_kubernetes_pod_label_app_kubernetes_io_name", "__meta_kubernetes_pod_container_port_name",
    ]  # fmt: skip
    for pod in pods(ray_cluster(overlay)):
        name, ports = pod["metadata"]["labels"]["app.kubernetes.io/name"], pod["spec"]["containers"][0]["ports"]
        kept = [port["containerPort"] for port in ports if re.fullmatch(keep["regex"], f"{name};{port['name']}")]
        assert kept == [int(settings(overlay)["AZORA_METRICS_PORT"])]
