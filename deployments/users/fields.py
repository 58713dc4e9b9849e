"""Kinds of fields: what a name, an address or a locale may be."""

from __future__ import annotations

from functools import cache
from typing import Annotated, Literal
from zoneinfo import available_timezones

from pydantic import AfterValidator, EmailStr, Field, StringConstraints

Role = Literal["student", "instructor", "org_admin", "platform_admin", "auditor"]
# What an invitation may offer: it travels by mail, so it never carries power over other organisations.
InvitedRole = Literal["student", "instructor", "org_admin", "auditor"]
Registration = Literal["open", "invitation", "closed"]

# Without control characters (C0 and C1): PostgreSQL refuses one of them, and no terminal should be sent the others.
_NO_CONTROLS = r"^[^\x00-\x1f\x7f-\x9f]*$"
_NO_CONTROLS_BUT_LINE_BREAKS_AND_TABS = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]*$"


def _plain_local_part(address: str) -> str:
    # Mail to other local parts needs SMTPUTF8 at every hop, and the database must agree about their lower case.
    if not address.rpartition("@")[0].isascii():
        raise ValueError("the part before the @ must be ASCII")
    return address


@cache
def _timezones() -> frozenset[str]:
    return frozenset(available_timezones())


def _known_timezone(name: str) -> str:
    if name not in _timezones():
        raise ValueError("must be a time zone of the IANA database, such as Europe/Lisbon")
    return name


def _line(maximum: int) -> StringConstraints:
    return StringConstraints(strip_whitespace=True, min_length=1, max_length=maximum, pattern=_NO_CONTROLS)


Name = Annotated[str, _line(100)]
OrganisationName = Annotated[str, _line(255)]
ExternalId = Annotated[str, _line(255)]
Line = Annotated[str, _line(255)]
Text = Annotated[str, StringConstraints(max_length=5000, pattern=_NO_CONTROLS_BUT_LINE_BREAKS_AND_TABS)]
Email = Annotated[EmailStr, StringConstraints(max_length=255, to_lower=True), AfterValidator(_plain_local_part)]
Slug = Annotated[str, StringConstraints(min_length=1, max_length=63, pattern=r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$")]
Locale = Annotated[
    str,
    StringConstraints(
        max_length=35,
        pattern=r"^[A-Za-z]{2,3}(-[A-Za-z]{4})?(-([A-Za-z]{2}|[0-9]{3}))?(-([A-Za-z0-9]{5,8}|[0-9][A-Za-z0-9]{3}))*$",
    ),
    Field(description="A language tag (BCP 47)", examples=["pt-BR"]),
]
Timezone = Annotated[
    str, StringConstraints(max_length=64), AfterValidator(_known_timezone), Field(examples=["Europe/Lisbon"])
]
# The rules of passwords are `deployments.kit.passwords.check_policy`'s; this only bounds what is read.
Password = Annotated[str, Field(max_length=1024, description="10 characters at least, 72 bytes at most")]
LinkText = Annotated[
    str,
    StringConstraints(min_length=1, max_length=255, pattern=r"^[A-Za-z0-9._-]+$"),
    Field(description="From the mail"),
]
