"""Terraform, workflows and the launcher's files, where they must agree with one another; syntax is .ci/validate's."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[3]
WORKFLOWS = {path.name: yaml.safe_load(path.read_text()) for path in (ROOT / ".github" / "workflows").glob("*.yml")}
LAUNCHER = {name: yaml.safe_load((ROOT / "cluster" / "ray" / f"{name}.yaml").read_text()) for name in ("aws", "local")}


def terraform(name: str) -> str:
    return (ROOT / "cluster" / "terraform" / f"{name}.tf").read_text()


def signing_in() -> list[dict[str, Any]]:
    jobs = [job for workflow in WORKFLOWS.values() for job in workflow["jobs"].values()]
    return [job for job in jobs if (job.get("permissions") or {}).get("id-token") == "write"]


def test_aws_knows_the_jobs_that_sign_in_by_their_environments() -> None:
    """GitHub names the environment in a token's subject, where a job has one, and then no branch. A role is for those
    environments alone whose jobs take it: nobody pushes images in the name of production."""
    images = terraform("images")
    assert 'for name in each.value : "repo:${var.repository}:environment:${name}"' in images
    (declared,) = re.findall(r"workflows = \{ (.+) \}", images)
    trusted = {role: set(re.findall(r"\w+", names)) for role, names in re.findall(r"(\w+) = \[(.+?)\]", declared)}
    named: dict[str, set[str]] = {}
    options = WORKFLOWS["promote.yml"][True]["workflow_dispatch"]["inputs"]["overlay"]["options"]
    for job in signing_in():
        (role,) = (step["with"]["role-to-assume"] for step in job["steps"] if "role-to-assume" in step.get("with", {}))
        names = set(options) if job["environment"] == "${{ inputs.overlay }}" else {job["environment"]}
        named.setdefault(role.removeprefix("${{ vars.").removesuffix("_ROLE }}").lower(), set()).update(names)
    assert named == trusted == {"push": {"staging"}, "promote": {"staging", "production"}}


def test_whoever_may_use_disks_may_use_no_other_key() -> None:
    keys = terraform("keys")
    data, _, disks = keys.partition('resource "aws_kms_key" "disks"')
    assert "kms:ViaService" in disks
    assert "kms:ViaService" not in data


def test_only_what_was_scanned_gets_the_name_that_promotion_asks_for() -> None:
    steps = WORKFLOWS["release.yml"]["jobs"]["push"]["steps"]
    commands = [step.get("run", "") for step in steps]
    pushing, scanning, naming = (
        next(number for number, command in enumerate(commands) if words in command)
        for words in ("docker buildx build", "describe-image-scan-findings", "imagetools create")
    )
    assert pushing < scanning < naming
    assert [number for number, command in enumerate(commands) if "$GITHUB_SHA" in command] == [naming]
    promoting = " ".join(step.get("run", "") for step in WORKFLOWS["promote.yml"]["jobs"]["propose"]["steps"])
    assert 'imageTag="$COMMIT"' in promoting


def test_only_what_passed_its_tests_is_pushed() -> None:
    release = WORKFLOWS["release.yml"]
    jobs = release["jobs"]
    assert jobs["push"]["needs"] == "check"
    assert jobs["check"]["uses"] == "./.github/workflows/ci.yml"
    assert "if" not in jobs["push"]  # `always()` would pass over what failed
    assert "workflow_call" in WORKFLOWS["ci.yml"][True]
    # Runs of other commits neither wait for this one nor take its place.
    assert release["concurrency"]["group"].endswith("${{ github.sha }}")
    assert "github.sha" in WORKFLOWS["ci.yml"]["concurrency"]["group"]


def test_promotion_writes_digests_into_overlays_that_are_there() -> None:
    promote = WORKFLOWS["promote.yml"]
    for overlay in promote[True]["workflow_dispatch"]["inputs"]["overlay"]["options"]:
        images = yaml.safe_load((ROOT / f"cluster/kubernetes/overlays/{overlay}/kustomization.yaml").read_text())[
            "images"
        ]
        assert {image["name"] for image in images} == {"azora", "azora-gpu"}
    (writing,) = (step for step in promote["jobs"]["propose"]["steps"] if "kustomize edit" in step.get("run", ""))
    assert "for image in azora azora-gpu" in writing["run"]
    assert 'kustomize edit set image "$image=$REGISTRY/$image@$digest"' in writing["run"]


def test_the_role_that_pushes_may_do_what_the_workflows_ask_of_the_registry() -> None:
    asked = {
        "".join(word.capitalize() for word in command.split("-"))
        for job in signing_in()
        for step in job["steps"]
        for command in re.findall(r"aws ecr ((?:start|describe|batch|put|get)-[a-z-]+)", step.get("run", ""))
    } - {"GetLoginPassword"}
    assert asked >= {"DescribeImages", "StartImageScan", "DescribeImageScanFindings"}
    permitted = set(re.findall(r'"ecr:(\w+)"', terraform("images")))
    assert asked <= permitted


def test_disks_of_machines_are_those_that_bottlerocket_uses() -> None:
    """The system is on /dev/xvda; images and what pods write on /dev/xvdb, which is to have the size."""
    assert set(re.findall(r'ami_type\s+= "(\w+)"', terraform("kubernetes"))) == {
        "BOTTLEROCKET_x86_64", "BOTTLEROCKET_x86_64_NVIDIA",
    }  # fmt: skip
    assert '{ "/dev/xvda" = null, "/dev/xvdb" = each.value }' in terraform("kubernetes")


def test_replicas_have_no_right_over_machines() -> None:
    types = LAUNCHER["aws"]["available_node_types"]
    profiles = {name: kind["node_config"]["IamInstanceProfile"]["Name"] for name, kind in types.items()}
    assert profiles.pop(LAUNCHER["aws"]["head_node_type"]) == "azora-head"
    assert set(profiles.values()) == {"azora-node"}


@pytest.mark.parametrize("name", LAUNCHER)
def test_no_command_of_the_launcher_relies_on_another_one_s_path(name: str) -> None:
    for part in ("head", "worker"):
        first = LAUNCHER[name][f"{part}_start_ray_commands"][0]
        assert first.startswith("/opt/azora/"), first


@pytest.mark.parametrize("gpu", [False, True])
def test_a_machine_of_one_s_own_says_by_itself_whether_it_takes_models(gpu: bool, tmp_path: Path) -> None:
    """The shipped commands, run by a shell with an `azora` that writes down what it is asked."""
    device, asked, settings = tmp_path / "nvidia0", tmp_path / "asked", tmp_path / "azora.env"
    settings.touch()
    if gpu:
        device.touch()
    program = tmp_path / "azora"
    program.write_text(f'#!/bin/sh\nprintf "%s" "$3" > {asked}.new; mv {asked}.new {asked}\n')
    program.chmod(0o755)
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "RAY_HEAD_IP": "192.0.2.10"}

    def run(command: str) -> str:
        for there, here in {
            "/dev/nvidia0": device, "/etc/azora/azora.env": settings, "/opt/azora/venv/bin": tmp_path,
            "/tmp/azora-node.log": tmp_path / "log",
        }.items():  # fmt: skip
            command = command.replace(there, str(here))
        done = subprocess.run(
            ["bash", "-c", f"{command}\nwait"], env=environment, capture_output=True, timeout=30, text=True
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    run(LAUNCHER["local"]["worker_start_ray_commands"][-1])
    words = shlex.split(asked.read_text())
    (resources,) = (json.loads(word.partition("=")[2]) for word in words if word.startswith("--resources="))
    assert ("azora_models" in resources) is gpu
    assert resources.keys() >= {"azora_services", "azora_actors"}
    assert "--address=192.0.2.10:6379" in words

    (install,) = (command for command in LAUNCHER["local"]["setup_commands"] if "--require-hashes" in command)
    lock = run(f"echo {install}").split()[-1]
    assert Path(lock).name == ("requirements-llm.lock" if gpu else "requirements.lock")
    assert (ROOT / Path(lock).name).exists()


@pytest.mark.parametrize("file", ["Dockerfile", "Dockerfile.gpu"])
def test_every_package_of_an_image_is_installed_by_its_hash(file: str) -> None:
    text = (ROOT / "cluster" / "docker" / file).read_text()
    ignored = (ROOT / "cluster" / "docker" / f"{file}.dockerignore").read_text().splitlines()
    for command in re.findall(r"pip install ((?:.+\\\n)*.+)", text):
        assert "--require-hashes" in command or "-e /opt/azora/src" in command, command
        for lock in re.findall(r"-r (\S+)", command):
            assert (ROOT / lock).exists()
            assert f"!{lock}" in ignored
            assert f"COPY {lock}" in text
