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


def judge(report: FairnessReport, stability: float | None, calibration_error: float | None) -> list[Finding]:
    """Every figure that there is, judged."""
    findings = []
    for figures in report.attributes:
        limits = ABROCA.get(figures.attribute, OTHER_ABROCA)
        if figures.abroca is not None:
            findings.append(Finding(f"abroca_{figures.attribute}", figures.abroca, limits.judge(figures.abroca)))
        if (parity := figures.demographic_parity_difference) is not None:
            findings.append(Finding(f"parity_{figures.attribute}", parity, PARITY.judge(parity)))
    if stability is not None:
        findings.append(Finding("population_stability_index", stability, DRIFT.judge(stability)))
    if calibration_error is not None:
        verdict = CALIBRATION.judge(calibration_error)
        findings.append(Finding("expected_calibration_error", calibration_error, verdict))
    return findings


def overall(findings: list[Finding]) -> Verdict:
    """The worst of all."""
    severity = list(Verdict)
    return max((finding.verdict for finding in findings), key=severity.index, default=Verdict.FINE)
