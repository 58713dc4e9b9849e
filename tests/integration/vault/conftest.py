"""One vault for the tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from stores.vault import VaultAccess
from tests.vault_server import Server, running_vault


@pytest.fixture(scope="session")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_vault(tmp_path_factory.mktemp("vault") / "log") as server:
        yield server


def name_vault(monkeypatch: pytest.MonkeyPatch, access: VaultAccess) -> None:
    """Say by variables where the vault is, and nothing else."""
    assert access.role_id is not None
    assert access.secret_id is not None
    monkeypatch.setenv("AZORA_VAULT_URL", access.url)
    monkeypatch.setenv("AZORA_VAULT_ROLE_ID", access.role_id)
    monkeypatch.setenv("AZORA_VAULT_SECRET_ID", access.secret_id.get_secret_value())
