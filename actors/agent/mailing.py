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
"""Whoever was asked something else within this time gets no mail: a thousand tasks at once are one mail."""

SUBJECT = "A task waits for an approval"
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
            "An answer to this mail is no approval. Further requests within a quarter of an hour come without a mail.",
        ]) + "\n",
    )  # fmt: skip
