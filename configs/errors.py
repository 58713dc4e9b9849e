"""The root of every error the platform raises on purpose.

AzoraError                       status 500, type "internal"
├── ConfigurationError           wrong or missing settings
├── stores.errors.StoreError     a store failed; retriable
└── deployments.kit.errors.*     refusals that reach a client as problem+json
"""

from __future__ import annotations

from typing import Any, ClassVar


class AzoraError(Exception):
    """An expected failure.

    `status` is the HTTP status it renders to, `type` a stable identifier that clients may switch on, and
    `retriable` says whether the same request can succeed later without a change.
    """

    status: ClassVar[int] = 500
    type: ClassVar[str] = "internal"
    title: ClassVar[str] = "Internal error"
    retriable: ClassVar[bool] = False

    def __init__(self, detail: str | None = None, **extra: Any) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.extra = extra

    @property
    def headers(self) -> dict[str, str]:
        """Response headers that belong to this error."""
        return {}


class ConfigurationError(AzoraError):
    """The platform cannot start with the settings it was given; `problems` lists every one of them."""

    type = "configuration"
    title = "Configuration is not valid"

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems
