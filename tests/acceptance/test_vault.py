"""The platform with keys that only a vault has: no process is handed any, each asks for itself."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import suppress

import httpx
import psutil
import pytest

from stores.sealing import Keyring
from tests.acceptance.conftest import RunningPlatform, started
from tests.patience import PATIENCE_SECONDS
from tests.vault_server import Server, running_vault

_KEYS = "AZORA_DATA_KEYS"


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_vault(tmp_path_factory.mktemp("vault") / "log") as server:
        yield server


@pytest.fixture(scope="module")
def variables(vault: Server) -> dict[str, str]:
    """Where the vault is and who we are to it, and nothing of what it has."""
    vault.write_settings(data_keys=Keyring.new_key("k1"))
    access = vault.app_role()
    assert access.role_id is not None
    assert access.secret_id is not None
    return {
        "AZORA_VAULT_URL": access.url,
        "AZORA_VAULT_ROLE_ID": access.role_id,
        "AZORA_VAULT_SECRET_ID": access.secret_id.get_secret_value(),
        "AZORA_VAULT_REFRESH": "PT1S",
    }


@pytest.fixture(scope="module")
def vaulted(variables: dict[str, str]) -> Iterator[RunningPlatform]:
    with started(variables) as platform:
        yield platform


def _processes(platform: RunningPlatform) -> Iterator[tuple[str, psutil.Process]]:
    for process in psutil.Process(platform.running.pid).children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            yield (process.cmdline() or [process.name()])[0], process


def test_keys_of_a_vault_reach_every_process_and_rotate_under_them(
    vaulted: RunningPlatform, variables: dict[str, str]
) -> None:
    credentials = {"organisation": "demo", "email": "student@demo.example", "password": vaulted.demo_password}
    with httpx.Client(base_url=vaulted.base_url, timeout=60) as http:
        token = http.post("/api/sessions", json=credentials).json()["access_token"]  # by the vault's key
        assert not (vaulted.home / "secrets" / "data-keys").exists()
        assert [title for title, process in _processes(vaulted) if _KEYS in process.environ()] == []

        rotated = vaulted.azora_with(variables, "vault", "rotate-keys", "--name", "k2")
        assert "Sealed again under 'k2'" in rotated.stdout
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not _known(http, token):  # a busy machine's replicas may be later than two seconds
            assert time.monotonic() < deadline
            time.sleep(0.5)
        for title, process in _processes(vaulted):  # they are made anew, with settings from before the rotation
            if title.startswith(("ray::ServeReplica", "ray::Housekeeper")):
                process.send_signal(signal.SIGKILL)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not _signs_in(http, credentials):
            assert time.monotonic() < deadline
            time.sleep(0.5)
        assert http.get("/ready").status_code == 200


def _known(http: httpx.Client, token: str) -> bool:
    try:
        return http.get("/api/users/me", headers={"authorization": f"Bearer {token}"}).status_code == 200
    except httpx.TransportError:
        return False


def _signs_in(http: httpx.Client, credentials: dict[str, str]) -> bool:
    try:
        return http.post("/api/sessions", json=credentials).status_code == 201
    except httpx.TransportError:
        return False
