"""Settings: every problem at once, names not values."""

from __future__ import annotations

import ast
import pickle
from pathlib import Path

import pytest
from pydantic import SecretStr

from cluster.installation import complete, environment
from configs.errors import ConfigurationError
from configs.rates import Rate
from configs.settings import Settings, read_settings
from stores.sealing import Keyring
from stores.vaulted import load_settings


def test_every_problem_is_reported_with_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZORA_BCRYPT_COST", "99")
    monkeypatch.setenv("AZORA_RATE_LIMIT", "fast")
    monkeypatch.setenv("AZORA_DATABASE_URL", "mysql://u:hunter2@h/d")
    monkeypatch.setenv("AZORA_BCRYTP_COST", "12")
    with pytest.raises(ConfigurationError) as refusal:
        load_settings()
    problems = "\n".join(refusal.value.problems)
    for name in ("AZORA_BCRYPT_COST", "AZORA_RATE_LIMIT", "AZORA_DATABASE_URL", "AZORA_BCRYTP_COST"):
        assert f"{name}:" in problems
    assert "hunter2" not in problems


def test_production_needs_its_own_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZORA_ENVIRONMENT", "production")
    with pytest.raises(ConfigurationError, match="AZORA_DATA_KEYS"):
        load_settings()


def test_the_file_gives_way_to_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "azora.toml"
    file.write_text('bcrypt_cost = 6\nrate_limit = "5/1s"\n')
    monkeypatch.setenv("AZORA_CONFIG_FILE", str(file))
    monkeypatch.setenv("AZORA_BCRYPT_COST", "7")
    settings = load_settings()
    assert settings.bcrypt_cost == 7
    assert settings.rate_limit == Rate(5, 1)
    monkeypatch.setenv("AZORA_CONFIG_FILE", str(tmp_path / "absent.toml"))
    with pytest.raises(ConfigurationError, match="no such file"):
        load_settings()


def test_secrets_are_not_printed() -> None:
    settings = Settings(database_url="postgresql://u:hunter2@h/d", data_keys="k:hunter2")
    assert "hunter2" not in repr(settings)
    assert "hunter2" not in str(settings.model_dump())


def test_settings_survive_the_journey_through_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(database_url="postgresql://u:p@h/d", demo=False, rate_limit="7/3s", bcrypt_cost=5)
    for name, value in environment(settings).items():
        monkeypatch.setenv(name, value)
    assert load_settings() == settings


def test_what_a_vault_gave_is_kept_to_the_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZORA_ISSUER", "from-here")
    settings = read_settings(
        {"data_keys": Keyring.new_key("k1"), "issuer": "from-there", "mail_from": "a@b"}, home=tmp_path
    )
    assert settings.from_vault == {"data_keys", "mail_from"}
    completed = complete(settings, "postgresql:///a", "redis://b")
    for found in (settings, completed):
        assert found.from_vault == {"data_keys", "mail_from"}
        assert {"AZORA_DATA_KEYS", "AZORA_MAIL_FROM"}.isdisjoint(environment(found))
        assert environment(found)["AZORA_ISSUER"] == "from-here"
    assert completed.database_url == completed.database_owner_url == SecretStr("postgresql:///a")
    assert complete(read_settings(home=tmp_path), "", "").from_vault == frozenset()  # keys of the home may be handed on


def test_what_a_vault_gave_is_in_no_pickle(tmp_path: Path) -> None:
    """An actor's arguments lie in Ray's store, on a cluster on a volume."""
    key = Keyring.new_key("k1")
    settings = read_settings({"data_keys": key, "issuer": "https://there"}, home=tmp_path, mail_from="from@here")
    handed_on = pickle.dumps(complete(settings, "postgresql:///a", "redis://b"))
    assert key.partition(":")[2].encode() not in handed_on
    assert b"https://there" not in handed_on
    found = pickle.loads(handed_on)
    assert found.from_vault == {"data_keys", "issuer"}
    assert found.mail_from == "from@here"
    for name in found.from_vault:
        with pytest.raises(AttributeError):  # whoever forgets to ask the vault hears of it
            getattr(found, name)
    assert pickle.loads(pickle.dumps(read_settings(data_keys=key))).data_keys == SecretStr(key)


def test_every_actor_asks_the_vault_for_what_its_settings_came_without() -> None:
    """With the first statement that looks at them: the others then have what the vault has now."""
    makers = {
        f"{file.parent.name}.{node.name}": maker
        for file in (Path(__file__).parents[3] / "actors").glob("*/actor.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.ClassDef) and any("ray.remote" in ast.unparse(by) for by in node.decorator_list)
        for maker in node.body
        if isinstance(maker, ast.FunctionDef) and maker.name == "__init__"
        if "settings" in {argument.arg for argument in maker.args.args}
    }
    assert len(makers) >= 7
    for actor, maker in makers.items():
        uses = [text for statement in maker.body if "settings" in (text := ast.unparse(statement))]
        assert uses[0] == "settings = with_vault(settings)", actor


def test_settings_are_loaded_in_one_place() -> None:
    """Whoever read them otherwise would lack what a vault has: on a cluster nobody hands it to a replica."""
    root = Path(__file__).parents[3]
    packages = ("actors", "cluster", "deployments", "jobs", "learning", "stores", "benchmarks")
    files = [file for package in packages for file in (root / package).rglob("*.py")] + [root / "serve_app.py"]
    readers = {
        file.relative_to(root).as_posix()
        for file in files
        if "read_settings" in (text := file.read_text())
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.ImportFrom) and node.module == "configs.settings"
        if "read_settings" in {name.name for name in node.names}
    }
    assert readers == {"stores/vaulted.py"}
