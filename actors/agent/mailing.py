"""What is mailed to people whose approval is waited for.

Nothing that somebody wrote, and nobody's name: mails leave the platform, and a task's words are untrusted. What is
asked, and about whom, people see where they sign in.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

MOST_MAILS = 50
"""To so many people at the most; all of those who are asked find the request in their queue."""

QUIET = timedelta(minutes=15)
"""Nobody gets more than one mail in this time: a thousand tasks at once are one mail, and one more when it is over."""

SUBJECT = "A task waits for an approval"
_NO_APPROVAL = "An answer to this mail is no approval."
_KINDS = {
    "personal_data_analysis": "use of personal data",
    "content_generation": "content that was drafted by software",
    "automated_grading": "grades given by software",
    "student_assessment": "an assessment of learners by software",
}


@dataclass(frozen=True, slots=True)
class ApprovalMail:
    """A mail to all who are asked."""

    subject: str
    body: str


def asking(
    base_url: str, approval_id: UUID, kinds: Collection[str], expires_at: datetime, *, again: bool
) -> ApprovalMail:
    """The mail about a request; `again`: nobody has answered it, and others are asked too."""
    wanted = ", ".join(_KINDS.get(kind, kind.replace("_", " ")) for kind in sorted(kinds))
    first = "Nobody has answered it yet, so you are asked as well." if again else "You are one of those who may answer."
    link = f"{base_url}/api/agents/approvals/{approval_id}"
    return ApprovalMail(
        SUBJECT,
        "\n\n".join([
            f"A task in your organisation needs an approval: {wanted}.",
            f"{first} It lapses on {expires_at:%Y-%m-%d %H:%M} UTC; until then nothing happens.",
            f"Sign in to see the plan, the data it touches and the draft:\n\n    {link}",
            f"{_NO_APPROVAL} Further requests within a quarter of an hour are told of in one mail after it.",
        ]) + "\n",
    )  # fmt: skip


def waiting(base_url: str) -> ApprovalMail:
    """The mail about all that was asked since the last one."""
    return ApprovalMail(
        SUBJECT,
        "\n\n".join([
            "Since the last mail, more tasks in your organisation came to need an approval that you may give.",
            f"Sign in to see what waits:\n\n    {base_url}/api/agents/approvals",
            _NO_APPROVAL,
        ]) + "\n",
    )  # fmt: skip
