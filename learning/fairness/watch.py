"""When figures of fairness or drift call for a person, and when for a stop."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from learning.fairness import drift
from learning.fairness.groups import FairnessReport


class Verdict(StrEnum):
    """What follows from a figure, in rising order of severity."""

    FINE = "fine"
    ALERT = "alert"
    STOP = "stop"


@dataclass(frozen=True)
class Limits:
    """Above `alert` a person is told, above `stop` nothing more is decided automatically."""

    alert: float
    stop: float

    def judge(self, value: float) -> Verdict:
        return Verdict.STOP if value > self.stop else Verdict.ALERT if value > self.alert else Verdict.FINE


@dataclass(frozen=True)
class Finding:
    """One figure that was judged."""

    figure: str
    value: float
    verdict: Verdict


ABROCA = {"gender": Limits(0.05, 0.10), "disability": Limits(0.03, 0.08)}
OTHER_ABROCA = Limits(0.05, 0.10)
PARITY = Limits(0.20, 0.40)
DRIFT = Limits(drift.MODERATE, drift.LARGE)
CALIBRATION = Limits(0.05, 0.10)


ENOUGH_TO_STOP = 100
"""Over fewer people chance alone is as large as the limits: a person is told, and nothing is stopped."""


def judge(
    report: FairnessReport, learners: int, stability: float | None, calibration_error: float | None
) -> list[Finding]:
    """Every figure that there is, judged. `learners` is over how many people the last two were measured."""
    findings = []
    for figures in report.attributes:
        people = min(
            (g.learners for g in report.groups if g.attribute == figures.attribute and not g.withheld), default=0
        )
        limits = ABROCA.get(figures.attribute, OTHER_ABROCA)
        findings.append(_finding(f"abroca_{figures.attribute}", figures.abroca, limits, people))
        findings.append(_finding(f"parity_{figures.attribute}", figures.demographic_parity_difference, PARITY, people))
    findings.append(_finding("population_stability_index", stability, DRIFT, learners))
    findings.append(_finding("expected_calibration_error", calibration_error, CALIBRATION, learners))
    return [finding for finding in findings if finding is not None]


def _finding(figure: str, value: float | None, limits: Limits, people: int) -> Finding | None:
    if value is None:
        return None
    verdict = limits.judge(value)
    return Finding(figure, value, Verdict.ALERT if verdict is Verdict.STOP and people < ENOUGH_TO_STOP else verdict)


def overall(findings: list[Finding]) -> Verdict:
    """The worst of all."""
    severity = list(Verdict)
    return max((finding.verdict for finding in findings), key=severity.index, default=Verdict.FINE)
