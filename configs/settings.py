"""Every setting of the platform, in one typed place.

Values come from environment variables `AZORA_*` and, below them, from the optional TOML file that
`AZORA_CONFIG_FILE` names. Secrets are `SecretStr`, so that no log line or traceback prints one.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PrivateAttr,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from configs.errors import ConfigurationError
from configs.rates import Rate

ENVIRONMENT_PREFIX = "AZORA_"
SECRET_PREFIX = "AZORA_SECRET_"  # keys of providers, which the table of models refers to by name
# Variables with our prefix that are no settings: where the file is, and a password for one command.
_NOT_SETTINGS = {"AZORA_CONFIG_FILE", "AZORA_NEW_PASSWORD", "AZORA_TEST_DATABASE_URL", "AZORA_TEST_VALKEY_URL"} | {
    "AZORA_TEST_KAFKA",
    "AZORA_TEST_URL",
    "AZORA_TEST_LLM_PYTHON",
    "AZORA_TEST_HOME",
    "AZORA_URL",
}


def _scheme(*schemes: str) -> AfterValidator:
    def check(value: SecretStr | None) -> SecretStr | None:
        if value is not None and not value.get_secret_value().startswith(tuple(f"{s}://" for s in schemes)):
            raise ValueError(f"must start with one of {', '.join(f'{s}://' for s in schemes)}")
        return value

    return AfterValidator(check)


RateSetting = Annotated[
    Rate, NoDecode, BeforeValidator(lambda value: Rate.parse(value) if isinstance(value, str) else value)
]
PostgresUrl = Annotated[SecretStr | None, _scheme("postgresql", "postgres")]
ValkeyUrl = Annotated[SecretStr | None, _scheme("redis", "rediss", "valkey", "valkeys", "unix")]

SmtpUrl = Annotated[SecretStr | None, _scheme("smtp", "smtps")]


class Settings(BaseSettings):
    """The whole configuration, validated at once. Durations are `timedelta`, sizes name their unit."""

    model_config = SettingsConfigDict(
        env_prefix=ENVIRONMENT_PREFIX, extra="forbid", frozen=True, hide_input_in_errors=True
    )

    # Where the platform lives and listens
    home: Path = Path("~/.azora")
    environment: Literal["development", "production"] = "development"
    http_host: str = "127.0.0.1"
    http_port: int = Field(default=8000, ge=1, le=65535)
    public_url: str | None = Field(default=None, pattern=r"^https?://[^\s]+$")
    services_url: str | None = Field(
        default=None, pattern=r"^https?://[^\s]+$", description="where services reach each other; default: this machine"
    )
    topology: Path | None = Field(default=None, description="Serve configuration; default serve.local.yaml")
    ray_address: str | None = Field(default=None, description="a Ray cluster that runs; default: a head of our own")
    ray_dashboard_port: int = Field(default=8265, ge=0, le=65535, description="`ray job submit` needs it; 0: none")
    ray_logical_cpus: int = Field(default=8, ge=1, description="what our own head schedules by; services mostly wait")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    metrics_host: str = "127.0.0.1"
    metrics_port: int = Field(default=9464, ge=0, le=65535, description="for Prometheus, one per machine; 0: none")
    demo: bool = Field(default=True, description="create the demo organisation on first start")

    # Stores; embedded servers start where an address is absent
    database_url: PostgresUrl = Field(default=None, description="login of the application")
    database_owner_url: PostgresUrl = Field(default=None, description="login that migrates; default: the same")
    database_pool_size: int = Field(default=10, ge=1, le=200)
    database_acquire_timeout: timedelta = timedelta(seconds=3)
    database_statement_timeout: timedelta = timedelta(seconds=10)
    valkey_url: ValkeyUrl = None
    valkey_timeout: timedelta = timedelta(seconds=1)

    # A vault that settings, keys and database logins come from; variables and the file win over it
    vault_url: str | None = Field(default=None, pattern=r"^https?://[^\s]+$")
    vault_secret: str = Field(default="secret/azora", pattern=r"^[^/\s]+/[^\s]+$", description="KV version 2")
    vault_namespace: str | None = None
    vault_ca: Path | None = Field(default=None, description="PEM file; default: the system's authorities")
    vault_auth_mount: str | None = None
    vault_role_id: str | None = Field(default=None, description="AppRole")
    vault_secret_id: SecretStr | None = None
    vault_kubernetes_role: str | None = Field(default=None, description="instead of an AppRole")
    vault_kubernetes_token: Path | None = Field(default=None, description="default: the service account's own")
    vault_database_role: str | None = Field(
        default=None, pattern=r"^[^/\s]+/creds/[^\s]+$", description="logins made by the vault: mount/creds/name"
    )
    vault_refresh: timedelta = Field(default=timedelta(seconds=30), ge=timedelta(seconds=1))

    # The event log
    event_partitions: int = Field(default=4, ge=1, le=1024, description="at least; a log never gets fewer again")
    event_retention: timedelta = Field(default=timedelta(days=400), ge=timedelta(days=1))

    # Kafka; without an address the event log stays in PostgreSQL
    kafka_bootstrap_servers: str | None = Field(default=None, pattern=r"^[^\s,]+(,[^\s,]+)*$")
    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    kafka_sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    kafka_sasl_username: str | None = Field(default=None, validate_default=True)
    kafka_sasl_password: SecretStr | None = Field(default=None, validate_default=True)
    kafka_ssl_ca: Path | None = Field(default=None, description="PEM file; default: the system's authorities")
    kafka_topic_prefix: str = Field(default="", max_length=64, pattern=r"^[A-Za-z0-9._-]*$")
    kafka_replication_factor: int | None = Field(
        default=None, ge=1, le=64, description="of topics we create; default: the cluster's own"
    )
    kafka_retention: timedelta = Field(
        default=timedelta(days=30), ge=timedelta(hours=1), description="of topics we create"
    )
    event_relay_actors: int = Field(default=1, ge=1, le=64)

    # Passwords and secrets
    bcrypt_cost: int = Field(default=12, ge=4, le=16)
    data_keys: SecretStr | None = Field(
        default=None,
        validate_default=True,
        description="`id:base64(32 bytes)` pairs, comma separated; the first one encrypts",
    )
    password_reset_lifetime: timedelta = timedelta(hours=1)
    invitation_lifetime: timedelta = timedelta(days=14)

    # Sessions
    issuer: str = "azora"
    access_token_lifetime: timedelta = timedelta(minutes=15)
    session_idle_lifetime: timedelta = timedelta(days=30)
    session_absolute_lifetime: timedelta = timedelta(days=90)
    # A replica trusts its own memory of revocations only this long after the feed last proved fresh. With the
    # second promised for a revocation to bind everywhere, the rest is room for the answer in flight.
    revocation_lease: timedelta = Field(
        default=timedelta(milliseconds=800), ge=timedelta(milliseconds=500), lt=timedelta(seconds=1)
    )
    session_cache_actors: int = Field(default=1, ge=1, le=64)

    # Tutoring
    # Made at the first question. On one machine the rows are as near as an actor: see decision 0034.
    conversation_memory_actors: int = Field(
        default=1, ge=0, le=64, description="actors that share the conversations; 0: each turn reads the database"
    )
    conversation_memory_bytes: int = Field(
        default=33_554_432, ge=1_048_576, description="the most that each of them remembers"
    )

    # Nodes
    warm_workers: int = Field(
        default=0, ge=0, le=64, description="processes that each node of a cluster keeps ready for replicas and actors"
    )

    # Limits
    rate_limit: RateSetting = Field(default=Rate(6000, 60), description="per signed-in person")
    rate_limit_anonymous: RateSetting = Field(default=Rate(3000, 60))
    rate_limit_credentials: RateSetting = Field(
        default=Rate(1200, 60), description="sign-in, registration and reset, per address"
    )
    trusted_proxies: int = Field(
        default=1, ge=0, le=8, description="proxies that append to X-Forwarded-For; Serve's own HAProxy is one"
    )
    max_body_bytes: int = Field(default=1_048_576, ge=1024)
    max_import_bytes: int = Field(default=33_554_432, ge=1024)

    # Analytics, as it is computed
    analytics_aggregators: int = Field(default=1, ge=1, le=64, description="actors that share the event partitions")
    analytics_minutes_kept: timedelta = Field(
        default=timedelta(days=7), ge=timedelta(hours=1), description="how long figures by the minute are kept"
    )
    analytics_hours_kept: timedelta = Field(
        default=timedelta(days=90), ge=timedelta(days=1), description="how long figures by the hour are kept"
    )

    # Analytics, as it is shown
    analytics_minimum_group: int = Field(
        default=5, ge=1, le=100, description="figures about fewer learners than this are withheld"
    )
    analytics_push_interval: timedelta = Field(
        default=timedelta(milliseconds=400), ge=timedelta(milliseconds=50), le=timedelta(seconds=60)
    )
    analytics_streams_per_replica: int = Field(default=500, ge=1, le=10_000)
    analytics_streams_per_person: int = Field(default=5, ge=1, le=1000, description="live streams, in one replica")

    # Tutoring
    tutor_model: str | None = Field(
        default=None, max_length=128, description="a name in the table of models; default: sentences of the material"
    )

    # Grading
    grading_confidence: float = Field(
        default=0.7, ge=0, le=1, description="a suggested grade that is surer need not wait for a person's look"
    )

    grading_model: str | None = Field(
        default=None, max_length=128, description="a name in the table of models; a second opinion on essays"
    )

    # Authoring
    content_model: str | None = Field(
        default=None, max_length=128, description="a name in the table of models; proposals in words of their own"
    )

    # Language models
    models_file: Path | None = Field(default=None, description="table of models; default: configs/models.yaml")

    # Retrieval
    retrieval: bool = Field(default=True, description="index what is published, to be searched and answered from")
    retrieval_vectors: bool = Field(default=True, description="search by meaning too, not by words alone")
    embedding_threads: int = Field(default=1, ge=1, le=16, description="of a process that embeds")

    # Agents
    agents: int = Field(default=1, ge=1, le=64, description="actors that carry tasks out, made when there is work")
    agent_concurrency: int = Field(default=32, ge=1, le=1_000, description="tasks that one agent works on at a time")
    agent_lease: timedelta = Field(
        default=timedelta(seconds=10), ge=timedelta(milliseconds=200), le=timedelta(minutes=5)
    )
    agent_model: str | None = Field(
        default=None, max_length=128, description="plans and drafts, by its name in the table of models; default: rules"
    )
    agent_run_timeout: timedelta = Field(default=timedelta(minutes=15), ge=timedelta(seconds=1))
    agent_planning_timeout: timedelta = Field(default=timedelta(minutes=2), ge=timedelta(seconds=1))
    agent_idle_timeout: timedelta = Field(default=timedelta(minutes=2), ge=timedelta(seconds=1))
    agent_idle_exit: timedelta = Field(default=timedelta(minutes=10), ge=timedelta(seconds=1))
    agent_open_tasks: int = Field(default=200, ge=1, le=100_000, description="per person, that have not ended")
    agent_task_retention: timedelta = Field(default=timedelta(days=180), ge=timedelta(days=1))

    # Mail; without an SMTP server messages are kept as files in <home>/mail
    smtp_url: SmtpUrl = Field(default=None, description="smtp[s]://user:password@host:port")
    mail_from: str = "Azora <no-reply@localhost>"

    _from_vault: frozenset[str] = PrivateAttr(frozenset())

    @field_validator("data_keys")
    @classmethod
    def _own_keys_in_production(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if value is None and info.data.get("environment") == "production":
            raise ValueError("must be set in production (`azora doctor --new-key` prints one)")
        return value

    @field_validator("kafka_sasl_username", "kafka_sasl_password")
    @classmethod
    def _credentials_for_sasl(cls, value: object, info: ValidationInfo) -> object:
        protocol = str(info.data.get("kafka_security_protocol"))
        if value is None and protocol.startswith("SASL_"):
            raise ValueError(f"must be set where AZORA_KAFKA_SECURITY_PROTOCOL is {protocol}")
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        file = os.environ.get("AZORA_CONFIG_FILE")
        sources: tuple[PydanticBaseSettingsSource, ...] = (init_settings, env_settings)
        return (*sources, TomlConfigSettingsSource(settings_cls, Path(file))) if file else sources

    @property
    def from_vault(self) -> frozenset[str]:
        """The settings that came from the vault, since nobody nearer named them. They are never handed on: each process
        asks the vault itself, and may ask again.
        """
        return self._from_vault

    def __getstate__(self) -> dict[Any, Any]:
        """As pickled, without what the vault gave, which would stay wherever the pickle lies: in Ray's store, for an
        actor. Whoever gets the pickle calls `stores.vaulted.with_vault`; until then those settings have no value.
        """
        state = super().__getstate__()
        kept = type(self).model_fields.keys() - self._from_vault
        return {**state, "__dict__": {name: value for name, value in self.__dict__.items() if name in kept}}

    @cached_property
    def home_path(self) -> Path:
        """`home` with the user's directory expanded, absolute."""
        return self.home.expanduser().absolute()

    @cached_property
    def base_url(self) -> str:
        """The address that links in mails and certificates start with, without a trailing slash."""
        return (self.public_url or f"http://{self.http_host}:{self.http_port}").rstrip("/")

    @cached_property
    def services_base_url(self) -> str:
        """Where services reach one another over HTTP, without a trailing slash."""
        everywhere = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 - an address to listen on is none to go to
        host = everywhere.get(self.http_host, self.http_host)
        return (self.services_url or f"http://{host}:{self.http_port}").rstrip("/")


def read_settings(below: Mapping[str, str] | None = None, /, **overrides: object) -> Settings:
    """Read settings from overrides, environment and file; `below` are values for what none of those names.

    Whoever wants the settings of this process wants `stores.vaulted.load_settings`, which knows what belongs below.

    Raises `ConfigurationError` that lists every problem with the variable's name and never a secret's value.
    """
    file = os.environ.get("AZORA_CONFIG_FILE")
    if file and not Path(file).is_file():
        raise ConfigurationError([f"AZORA_CONFIG_FILE: no such file: {file}"])
    unknown = _unknown_variables()
    try:
        lowest = {name: value for name, value in (below or {}).items() if name not in _given(file)}
        settings = Settings(**{**lowest, **overrides})  # type: ignore[arg-type]
        settings._from_vault = frozenset(lowest.keys() - overrides.keys())
    except ValidationError as error:
        raise ConfigurationError(unknown + [_describe(e["loc"], e["msg"]) for e in error.errors()]) from None
    except ValueError as error:  # an unreadable TOML file
        raise ConfigurationError([*unknown, f"AZORA_CONFIG_FILE: {error}"]) from None
    if unknown:
        raise ConfigurationError(unknown)
    return settings


def _given(file: str | None) -> set[str]:
    """The settings that the environment or the file name."""
    given = {
        name.removeprefix(ENVIRONMENT_PREFIX).lower() for name in os.environ if name.startswith(ENVIRONMENT_PREFIX)
    }
    return given | (tomllib.loads(Path(file).read_text()).keys() if file else set())


def _describe(location: tuple[int | str, ...], message: str) -> str:
    return f"{ENVIRONMENT_PREFIX}{str(location[0]).upper()}: {message.removeprefix('Value error, ')}"


def _unknown_variables() -> list[str]:
    # A misspelt variable would otherwise be ignored in silence.
    known = {f"{ENVIRONMENT_PREFIX}{name.upper()}" for name in Settings.model_fields} | _NOT_SETTINGS
    given = {name for name in os.environ if name.startswith(ENVIRONMENT_PREFIX)}
    return [f"{name}: no such setting" for name in sorted(given - known) if not name.startswith(SECRET_PREFIX)]
