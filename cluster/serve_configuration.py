"""A Ray Serve configuration file: which applications run, and under which prefixes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import yaml
from pydantic import ValidationError

from configs.errors import ConfigurationError


@dataclass(frozen=True)
class ServeConfiguration:
    """A Serve configuration file, as read."""

    path: Path
    document: dict[str, Any]

    @classmethod
    def read(cls, path: Path) -> Self:
        """Raises `ConfigurationError` where the file cannot be read or names no application."""
        try:
            document = yaml.safe_load(path.read_text())
        except (OSError, yaml.YAMLError) as error:
            raise ConfigurationError([f"{path}: {error}"]) from error
        applications = document.get("applications") if isinstance(document, dict) else None
        if not isinstance(applications, list) or not all(isinstance(item, dict) for item in applications):
            raise ConfigurationError([f"{path}: `applications` must be a list of applications"])
        return cls(path, document)

    @property
    def applications(self) -> list[str]:
        return [str(item.get("name", "default")) for item in self.document["applications"]]

    @property
    def route_prefixes(self) -> tuple[str, ...]:
        """Those under which HTTP reaches an application; null is Serve's word for one that only handles reach."""
        prefixes = (item.get("route_prefix", "/") for item in self.document["applications"])
        return tuple(str(prefix) for prefix in prefixes if prefix is not None)

    def schema(self) -> Any:
        """The same as Ray's `ServeDeploySchema`. Raises `ConfigurationError` with every problem."""
        from ray.serve.schema import ServeDeploySchema

        try:
            return ServeDeploySchema.model_validate(self.document)
        except ValidationError as error:
            places = [(".".join(str(part) for part in item["loc"]), item["msg"]) for item in error.errors()]
            raise ConfigurationError([f"{self.path}: {place}: {message}" for place, message in places]) from error
