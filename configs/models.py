"""The table of language models: which names clients may use, what answers for each, and how far data may travel.

Read from `configs/models.yaml` or the file that `AZORA_MODELS_FILE` names. Secrets are not in it: a target names the
environment variable that holds its key.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError, model_validator

from configs.errors import ConfigurationError

DEFAULT_FILE = Path(__file__).with_name("models.yaml")
CLUSTER = "cluster"  # the region of everything that runs on the school's own machines

# What a provider is: inside the cluster, or reached by URL and then needing one. A new provider is a file in
# deployments/llm/providers and a line here.
_INSIDE = {"extractive", "minilm", "vllm"}
_REMOTE = {"openai", "anthropic"}
_DURATION = re.compile(r"^(?P<count>\d+(\.\d+)?)(?P<unit>ms|s|m)$")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0}


def _duration(value: object) -> object:
    if isinstance(value, timedelta):
        return value
    found = _DURATION.match(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError("must look like 500ms, 30s or 10m")
    return timedelta(seconds=float(found["count"]) * _SECONDS[found["unit"]])


Duration = Annotated[
    timedelta, BeforeValidator(_duration), Field(gt=timedelta(0), le=timedelta(hours=6), description="500ms, 30s, 10m")
]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}$")]
Dollars = Annotated[Decimal, Field(ge=0, le=100_000, allow_inf_nan=False)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Timeouts(_Part):
    """How long each stage of a call may take."""

    queue: Duration = timedelta(seconds=10)
    connect: Duration = timedelta(seconds=5)
    first_token: Duration = timedelta(seconds=30)
    idle: Duration = timedelta(seconds=30)
    total: Duration = timedelta(minutes=10)


class Price(_Part):
    """US dollars per million tokens. What is absent costs what plain input costs."""

    input: Dollars
    output: Dollars
    cached_input: Dollars | None = None
    cache_write: Dollars | None = None


class Target(_Part):
    """One thing that answers."""

    provider: str
    model: str | None = Field(default=None, min_length=1, max_length=200, description="what the provider calls it")
    base_url: str | None = Field(default=None, pattern=r"^https?://[^\s/@?#]+(/[^\s@?#]*)?$")
    api_key_env: str | None = Field(default=None, pattern=r"^[A-Z][A-Z0-9_]*$")
    api_version: str | None = Field(default=None, max_length=50)
    region: str | None = Field(default=None, pattern=r"^[a-z0-9-]{1,32}$")
    context_tokens: int | None = Field(default=None, ge=256, le=100_000_000, description="prompt and answer together")
    max_output_tokens: int = Field(default=4096, ge=1, le=10_000_000)
    max_concurrency: int = Field(default=64, ge=1, le=100_000, description="calls at once, per replica")
    queue: int = Field(default=256, ge=0, le=100_000, description="calls that may wait for a place, per replica")
    retries: int = Field(default=1, ge=0, le=5, description="of this target, where it took nothing of the call")
    timeouts: Timeouts = Timeouts()
    price: Price | None = Field(default=None, description="overrides the published one")
    unsupported: tuple[str, ...] = Field(default=(), description="parameters that this model does not honour")
    token_limit_parameter: Literal["max_tokens", "max_completion_tokens"] | None = None
    continuous_usage: bool = Field(default=False, description="vLLM: exact counts in every chunk")

    @property
    def inside(self) -> bool:
        """Whether calls stay on the cluster's machines."""
        return self.region == CLUSTER

    def api_key(self, environment: Mapping[str, str] = os.environ) -> SecretStr | None:
        """The key, read from the environment each time so that the table itself never carries one."""
        value = environment.get(self.api_key_env or "")
        return SecretStr(value) if value else None

    @model_validator(mode="before")
    @classmethod
    def _inside_by_nature(cls, value: Any) -> Any:
        if isinstance(value, dict) and value.get("provider") in _INSIDE:
            return {"region": CLUSTER, **value}
        return value

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.provider not in _INSIDE | _REMOTE:
            raise ValueError(f"no such provider: {self.provider}; there are {', '.join(sorted(_INSIDE | _REMOTE))}")
        if self.provider in _INSIDE and self.region != CLUSTER:
            raise ValueError(f"{self.provider} runs inside the cluster: its region cannot be {self.region}")
        if self.provider in _INSIDE and self.base_url is not None:
            raise ValueError(f"{self.provider} runs inside the cluster and takes no base_url")
        needed = ("base_url", "model") if self.provider in _REMOTE else ("model",) if self.provider == "vllm" else ()
        if missing := [name for name in needed if getattr(self, name) is None]:
            raise ValueError(f"{self.provider} needs {' and '.join(missing)}")
        return self


class Choice(_Part):
    """A target in a group, and how often it is chosen among the others of the group."""

    target: str
    weight: float = Field(default=1.0, gt=0, le=1_000_000, allow_inf_nan=False)


class DataRule(_Part):
    """How far a conversation may travel: the cluster, some regions besides, or anywhere."""

    anywhere: bool = False
    regions: tuple[str, ...] = ()

    def permits(self, region: str | None) -> bool:
        """Whether data may go to a target of the region; None is a region that nobody named."""
        return self.anywhere or region == CLUSTER or (region is not None and region in self.regions)


STAYS = DataRule()
ANYWHERE = DataRule(anywhere=True)


def _rule(value: object) -> object:
    if value in ("stays", "any"):
        return STAYS if value == "stays" else ANYWHERE
    if isinstance(value, DataRule) or (isinstance(value, dict) and set(value) == {"regions"}):
        return value
    raise ValueError("must be stays, any or {regions: [...]}")


def _choice(value: object) -> object:
    return {"target": value} if isinstance(value, str) else value


Group = Annotated[tuple[Annotated[Choice, BeforeValidator(_choice)], ...], Field(min_length=1, max_length=64)]


class Alias(_Part):
    """What a name that clients use stands for: groups of targets, in order of preference."""

    targets: tuple[Group, ...] = Field(min_length=1, max_length=16)
    data: Annotated[DataRule, BeforeValidator(_rule)] = STAYS


class Models(_Part):
    """The whole table."""

    targets: dict[Name, Target] = {}
    models: dict[Name, Alias] = {}
    embeddings: dict[Name, Alias] = {}

    @model_validator(mode="before")
    @classmethod
    def _targets_in_place(cls, value: Any) -> Any:
        """`embeddings: {name: {provider: ...}}` declares a target of the alias's own name."""
        if not isinstance(value, dict) or not isinstance(value.get("embeddings"), dict):
            return value
        inline = {n: e for n, e in value["embeddings"].items() if isinstance(e, dict) and "provider" in e}
        rule = {name: {"data": entry["data"]} if "data" in entry else {} for name, entry in inline.items()}
        targets = {n: {k: v for k, v in entry.items() if k != "data"} for n, entry in inline.items()}
        aliases = {name: {"targets": [[name]], **rule[name]} for name in inline}
        return {
            **value,
            "targets": {**(value.get("targets") or {}), **targets},
            "embeddings": {**value["embeddings"], **aliases},
        }

    @cached_property
    def used(self) -> frozenset[str]:
        """The targets that some alias names."""
        aliases = [*self.models.values(), *self.embeddings.values()]
        return frozenset(choice.target for alias in aliases for group in alias.targets for choice in group)


def load_models(file: Path | None = None, environment: Mapping[str, str] = os.environ) -> Models:
    """Read the table.

    Raises `ConfigurationError` that lists every problem: shape, unknown targets, keys that are not set, targets that an
    alias's data rule never permits. No message holds a secret.
    """
    path = file or DEFAULT_FILE
    try:
        content = yaml.load(path.read_text(), Loader=_StrictLoader)  # noqa: S506 - a SafeLoader
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigurationError([f"{path.name}: {error}"]) from None
    try:
        models = Models.model_validate({} if content is None else content)
    except ValidationError as error:
        raise ConfigurationError([f"{path.name}: {_describe(problem)}" for problem in error.errors()]) from None
    if problems := [f"{path.name}: {problem}" for problem in _crossed(models, environment)]:
        raise ConfigurationError(problems)
    return models


class _StrictLoader(yaml.SafeLoader):
    """A key that is written twice would otherwise silently win over its first meaning."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, str) and key in seen:
                raise yaml.constructor.ConstructorError(None, None, f"{key} is written twice", key_node.start_mark)
            seen.add(key if isinstance(key, str) else repr(key))
        return super().construct_mapping(node, deep)


def _describe(problem: Mapping[str, Any]) -> str:
    where = ".".join(str(part) for part in problem["loc"] if part != "[key]")
    return f"{where}: {problem['msg'].removeprefix('Value error, ')}".removeprefix(": ")


def _crossed(models: Models, environment: Mapping[str, str]) -> Iterator[str]:
    """What only shows when the parts are seen together."""
    for kind, aliases in (("models", models.models), ("embeddings", models.embeddings)):
        for name, alias in aliases.items():
            for choice in (choice for group in alias.targets for choice in group):
                target = models.targets.get(choice.target)
                if target is None:
                    yield f"{kind}.{name}: there is no target {choice.target}"
                elif not alias.data.permits(target.region):
                    yield f"{kind}.{name}: its data rule never permits {choice.target} (region {target.region})"
    for name in sorted(models.used & models.targets.keys()):
        variable = models.targets[name].api_key_env
        if variable is not None and not environment.get(variable):
            yield f"targets.{name}: {variable} is not set"
