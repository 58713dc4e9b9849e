"""What links in mails carry: the organisation whose tenant they enter, and a secret of which only a hash is kept."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from typing import Self
from uuid import UUID


@dataclass(frozen=True, slots=True)
class LinkToken:
    """`<org_id hex>.<secret>`; 256 random bits need no slow hash."""

    org_id: UUID
    secret: str

    @classmethod
    def create(cls, org_id: UUID) -> Self:
        return cls(org_id, secrets.token_urlsafe(32))

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """The token, or None where the text is none."""
        org_id, _, secret = text.partition(".")
        try:
            return cls(UUID(hex=org_id), secret) if secret else None
        except ValueError:
            return None

    @property
    def text(self) -> str:
        return f"{self.org_id.hex}.{self.secret}"

    @property
    def digest(self) -> bytes:
        """What is stored: SHA-256 of the secret."""
        return hashlib.sha256(self.secret.encode()).digest()

    def __repr__(self) -> str:
        return f"LinkToken({self.org_id}, ...)"
