"""The texts of mails."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from deployments.users.links import LinkToken

_ROLE_NAMES = {
    "student": "student",
    "instructor": "instructor",
    "org_admin": "administrator",
    "platform_admin": "platform administrator",
    "auditor": "auditor",
}


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail to be written to the `mails` table."""

    org_id: UUID
    recipient: str
    subject: str
    body: str


@dataclass(frozen=True, slots=True)
class Letters:
    """Writes mails whose links start with `base_url`."""

    base_url: str

    def invitation(self, email: str, organisation: str, role: str, token: LinkToken, expires_at: datetime) -> Letter:
        return self._letter(
            token.org_id,
            email,
            f"Invitation to {organisation}",
            f"{organisation} invites you as {_ROLE_NAMES[role]}.",
            f"Accept the invitation here:\n\n    {self.base_url}/accept-invitation?token={token.text}",
            f"The link works once, until {_moment(expires_at)}.",
        )

    def welcome(self, email: str, name: str, organisation: str, token: LinkToken, expires_at: datetime) -> Letter:
        return self._letter(
            token.org_id,
            email,
            f"Your account at {organisation}",
            f"Hello {name},",
            f"{organisation} has made an account for you. Set your password here:\n\n    {self._reset(token)}",
            f"The link works once, until {_moment(expires_at)}.",
        )

    def reset(self, email: str, name: str, organisation: str, token: LinkToken, expires_at: datetime) -> Letter:
        return self._letter(
            token.org_id,
            email,
            f"Reset your password at {organisation}",
            f"Hello {name},",
            f"somebody, presumably you, asked for a new password. Set one here:\n\n    {self._reset(token)}",
            f"The link works once, until {_moment(expires_at)}. If it was not you, do nothing: your password stays.",
        )

    def password_changed(self, org_id: UUID, email: str, name: str) -> Letter:
        return self._letter(
            org_id,
            email,
            "Your password was changed",
            f"Hello {name},",
            "the password of your account was changed, and its other sessions were ended.",
            "If it was not you, reset your password now and tell your administrator.",
        )

    def address_changed(self, org_id: UUID, previous: str, name: str) -> Letter:
        return self._letter(
            org_id,
            previous,
            "Your e-mail address was changed",
            f"Hello {name},",
            "an administrator changed the e-mail address of your account; from now on you sign in with the new one.",
            "If that is unexpected, ask your administrator.",
        )

    def message(self, org_id: UUID, recipient: str, sender: str, subject: str, body: str) -> Letter:
        """What somebody wrote, and who: nobody takes it for the platform's own words."""
        return self._letter(org_id, recipient, subject, f"{sender} writes to you:", body)

    def erasure_receipt(self, org_id: UUID, email: str, receipt_id: UUID, erased_at: datetime) -> Letter:
        return self._letter(
            org_id,
            email,
            "Your data was erased",
            f"What was held about you was erased on {_moment(erased_at)}.",
            f"The number of the receipt is {receipt_id}.",
            "This address is not kept beyond this mail.",
        )

    def _reset(self, token: LinkToken) -> str:
        return f"{self.base_url}/reset-password?token={token.text}"

    @staticmethod
    def _letter(org_id: UUID, recipient: str, subject: str, *paragraphs: str) -> Letter:
        return Letter(org_id, recipient, subject[:255], "\n\n".join(paragraphs) + "\n")


def _moment(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M} UTC"
