"""What the users service takes and gives."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, EmailStr, Field, StringConstraints

Role = Literal["student", "instructor", "org_admin", "platform_admin", "auditor"]


def _no_control_characters(text: str) -> str:
    if any(ord(character) < 32 or ord(character) == 127 for character in text):
        raise ValueError("must not hold control characters")
    return text


Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=100),
    AfterValidator(_no_control_characters),
]
Email = Annotated[EmailStr, StringConstraints(max_length=255, to_lower=True)]
Slug = Annotated[str, StringConstraints(min_length=1, max_length=63, pattern=r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$")]


class Register(BaseModel):
    model_config = ConfigDict(extra="forbid")

    organisation: Slug = Field(description="The organisation's slug", examples=["demo"])
    email: Email = Field(examples=["ada@example.org"])
    password: str = Field(max_length=1024, description="10 characters at least, 72 bytes at most")
    first_name: Name = Field(examples=["Ada"])
    last_name: Name = Field(examples=["Lovelace"])


class Person(BaseModel):
    """A person as the organisation sees them."""

    id: UUID
    email: str
    first_name: str
    last_name: str
    role: Role
    status: Literal["active", "deactivated", "erased"]
    bio: str
    locale: str
    timezone: str
    created_at: datetime
    updated_at: datetime
