"""What the sessions service takes and gives."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field


class SignIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    organisation: str = Field(min_length=1, max_length=63, description="The organisation's slug", examples=["demo"])
    email: str = Field(min_length=3, max_length=255, examples=["student@demo.example"])
    password: str = Field(min_length=1, max_length=1024)


class Refresh(BaseModel):
    model_config = ConfigDict(extra="forbid")

    refresh_token: str = Field(min_length=1, max_length=255)


class Tokens(BaseModel):
    """An access token for requests, and a refresh token that buys the next pair, once."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"
    expires_in: int = Field(description="Seconds until the access token expires")
    refresh_token: str
    session_id: UUID
    user_id: UUID
    role: str


class SessionView(BaseModel):
    """One signed-in device."""

    id: UUID
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
    user_agent: str
    address: str
    current: bool = Field(description="Whether the request was made with this session")


class SessionList(BaseModel):
    items: list[SessionView]


class Revoked(BaseModel):
    revoked: int = Field(description="How many live sessions were ended")


class KeySet(BaseModel):
    """A JSON Web Key Set (RFC 7517)."""

    keys: list[dict[str, Any]]


class Rotated(BaseModel):
    kid: str = Field(description="The new key; it signs from a minute on")
