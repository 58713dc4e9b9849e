"""What is wrong with an event."""

from __future__ import annotations

from typing import Self

from pydantic import ValidationError

from configs.errors import AzoraError

_FAULTS_SHOWN = 5
_LENGTH_SHOWN = 500


class InvalidEvent(AzoraError):
    """An event that the catalogue does not admit.

    `reason` is `malformed-envelope`, `undeclared-type`, `unknown-version`, `invalid-data` or `wrong-key`. `detail`
    names the fields at fault but not what they hold, which may be personal.
    """

    type = "invalid-event"
    title = "The event does not fit its schema"

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(_printable(detail) or reason)
        self.reason = reason

    @classmethod
    def of(cls, reason: str, error: ValidationError) -> Self:
        """From what pydantic found."""
        faults = error.errors(include_url=False, include_context=False, include_input=False)
        shown = [f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in faults[:_FAULTS_SHOWN]]
        return cls(reason, "; ".join(shown))


def _printable(detail: str) -> str:
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in detail)[:_LENGTH_SHOWN]
