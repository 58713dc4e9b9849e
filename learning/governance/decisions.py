"""What the governor says, and why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from learning.governance.vocabulary import Action, ApprovalKind, Constraint, Place, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that a check found, and what follows from it.

    `evidence` says what was seen without repeating it: kinds, names of steps and arguments, figures, never personal
    data or text that somebody wrote. `span` is where in a text, in characters; `replacement` what stands there once
    it is redacted.
    """

    check: str
    constraint: Constraint
    action: Action
    evidence: str
    step: str | None = None
    span: tuple[int, int] | None = None
    replacement: str | None = None

    def record(self) -> dict[str, Any]:
        """As the audit log keeps it."""
        return {
            "check": self.check,
            "constraint": self.constraint.value,
            "action": self.action.word,
            "evidence": self.evidence,
            **({"step": self.step} if self.step is not None else {}),
            **({"span": list(self.span)} if self.span is not None else {}),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A verdict with everything it rests on.

    `approvals` are the kinds that people have yet to approve. `subject` is the digest of what was judged (a plan's
    own digest; the SHA-256 of a text), `text` the text as it may go on, where one was judged and not refused.
    """

    verdict: Verdict
    place: Place
    approvals: frozenset[ApprovalKind] = frozenset()
    findings: tuple[Finding, ...] = ()
    checks: tuple[str, ...] = ()
    subject: str
    constitution_version: str
    constitution_digest: str
    text: str | None = None

    @property
    def allowed(self) -> bool:
        """Whether it may happen now."""
        return self.verdict is Verdict.ALLOW

    @property
    def reasons(self) -> tuple[Finding, ...]:
        """The findings that the verdict rests on: those of the strictest action."""
        strictest = max((finding.action for finding in self.findings), default=Action.NOTE)
        return tuple(finding for finding in self.findings if finding.action is strictest)

    def record(self) -> dict[str, Any]:
        """As the audit log keeps it: plain JSON, with no text and no personal data."""
        return {
            "verdict": self.verdict.value,
            "place": self.place.value,
            "approvals": sorted(self.approvals),
            "findings": [finding.record() for finding in self.findings],
            "checks": list(self.checks),
            "subject": self.subject,
            "constitution": {"version": self.constitution_version, "digest": self.constitution_digest},
        }


def verdict_of(findings: Iterable[Finding], approvals: frozenset[ApprovalKind]) -> Verdict:
    """Refused where a finding says so; otherwise what is yet to be approved decides."""
    if any(finding.action is Action.REFUSE for finding in findings):
        return Verdict.REFUSE
    return Verdict.APPROVAL if approvals else Verdict.ALLOW


def redacted(text: str, findings: Iterable[Finding]) -> str:
    """The text with what is to be redacted replaced. Where spans overlap, one replacement stands for all of them."""
    spans = sorted(
        (finding.span, finding.replacement or "[redacted]")
        for finding in findings
        if finding.action is Action.REDACT and finding.span is not None
    )
    parts: list[str] = []
    at = 0
    for (start, end), replacement in spans:
        if start >= at:
            parts += [text[at:start], replacement]
        at = max(at, end)
    return "".join([*parts, text[at:]])
