"""Settings: every problem at once, names not values."""

from __future__ import annotations

from pathlib import Path

import pytest

from cluster.installation import environment
from configs.errors import ConfigurationError
from configs.rates import Rate
from configs.settings import Settings, load_settings


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
