"""What the users service takes and gives."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from deployments.kit.times import Date
from deployments.users.fields import (
    Email,
    ExternalId,
    InvitedRole,
    Line,
    LinkText,
    Locale,
    Name,
    OrganisationName,
    Password,
    Registration,
    Role,
    Slug,
    Text,
    Timezone,
)


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid")


# People


class Register(_Request):
    organisation: Slug = Field(description="The organisation's slug", examples=["demo"])
    email: Email = Field(examples=["ada@example.org"])
    password: Password
    first_name: Name = Field(examples=["Ada"])
    last_name: Name = Field(examples=["Lovelace"])


class NewAdministrator(_Request):
    """A person without a password gets a mail with a link to set one."""

    email: Email = Field(examples=["grace@example.org"])
    first_name: Name
    last_name: Name
    password: Password | None = None


class NewPerson(NewAdministrator):
    role: Role
    external_id: ExternalId | None = Field(default=None, description="The person's id in another system")


class ProfileChange(_Request):
    """Absent or null: left as it is."""

    first_name: Name | None = None
    last_name: Name | None = None
    bio: Text | None = None
    locale: Locale | None = None
    timezone: Timezone | None = None


class PersonChange(ProfileChange):
    """What an administrator may change besides. `external_id` is taken away by null."""

    email: Email | None = None
    external_id: ExternalId | None = None


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
    external_id: str | None
    created_at: datetime
    updated_at: datetime


class RoleChange(_Request):
    role: Role


class Sensitive(_Request):
    """What is kept encrypted. Replaced as a whole: absent is gone."""

    phone: Line | None = Field(default=None, max_length=50)
    date_of_birth: Date | None = None
    postal_address: Text | None = Field(default=None, max_length=1000)
    national_id: Line | None = Field(default=None, max_length=100)
    accessibility_needs: Text | None = None
    emergency_contact: Text | None = Field(default=None, max_length=1000)


# Passwords


class PasswordChange(_Request):
    current_password: Password
    new_password: Password


class PasswordResetRequest(_Request):
    organisation: Slug = Field(description="The organisation's slug", examples=["demo"])
    email: Email


class PasswordResetAccepted(BaseModel):
    """The same for every address, whether or not somebody has it."""

    detail: Literal["If the address has an account, a mail with a link is on its way"] = (
        "If the address has an account, a mail with a link is on its way"
    )


class PasswordResetConfirmation(_Request):
    token: LinkText
    password: Password


# Invitations


class NewInvitation(_Request):
    email: Email
    role: InvitedRole = "student"


class Invitation(BaseModel):
    id: UUID
    email: str
    role: InvitedRole
    status: Literal["open", "accepted", "revoked", "expired"]
    invited_by: UUID | None = Field(description="Absent where the platform itself invited")
    expires_at: datetime
    created_at: datetime


class InvitationAcceptance(_Request):
    token: LinkText
    password: Password
    first_name: Name
    last_name: Name


# Organisations


class OrganisationChange(_Request):
    """Absent or null: left as it is."""

    name: OrganisationName | None = None
    registration: Registration | None = None
    locale: Locale | None = None


class TenantChange(OrganisationChange):
    status: Literal["active", "suspended"] | None = Field(
        default=None, description="In a suspended organisation nobody can sign in; its sessions end"
    )


class NewOrganisation(_Request):
    """A tenant, with its first administrator created or invited."""

    slug: Slug
    name: OrganisationName
    registration: Registration = "invitation"
    locale: Locale = "en"
    administrator: NewAdministrator | None = None
    invite: Email | None = Field(default=None, description="Instead of `administrator`: invite this address")

    @model_validator(mode="after")
    def _one_way_in(self) -> Self:
        if self.invite is not None and self.administrator is not None:
            raise ValueError("give `administrator` or `invite`, not both")
        if self.invite is not None and self.registration == "closed":
            raise ValueError("a closed organisation takes no invitations; give `administrator`")
        return self


class Organisation(BaseModel):
    id: UUID
    slug: str
    name: str
    registration: Registration
    status: Literal["active", "suspended"]
    locale: str
    created_at: datetime
    updated_at: datetime


class CreatedOrganisation(Organisation):
    administrator_id: UUID | None = Field(description="The first administrator, where one was created")


# Privacy


class NewMessage(_Request):
    recipient_id: UUID
    subject: Annotated[Line, Field(max_length=200)]
    body: Annotated[Text, Field(min_length=1, max_length=5000, description="Plain text")]


class MessageSent(BaseModel):
    """It will be delivered by mail."""

    id: UUID


class ErasureConfirmation(_Request):
    password: Password


class ErasureReceipt(BaseModel):
    """Proof of an erasure. Names nobody."""

    id: UUID
    user_id: UUID
    erased_at: datetime
    counts: dict[str, int] = Field(description="How many records of each kind were emptied, ended or deleted")
