"""Figures of one kind of decision in one organisation. Pure; numpy is imported when something is measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from actors.governor.bias.groups import ATTRIBUTES, groups_of
from stores.sealing import Keyring

if TYPE_CHECKING:
    from learning.fairness.roc import Floats

LATELY = timedelta(days=30)
"""Decisions of so long are compared with those before: the drift."""

LEAST_WORSE = 0.05
"""By how much a figure must exceed what a person accepted to stop anew."""


@dataclass(frozen=True, kw_only=True)
class Measured:
    """`beyond` has the figures that call for a stop. `decisions` are what was measured, not of how many people."""

    decisions: int
    verdict: str
    report: dict[str, Any]
    beyond: dict[str, float]

    def unaccepted(self, accepted: Mapping[str, float]) -> dict[str, float]:
        """Those that a person has not seen as bad as that."""
        return {
            figure: value
            for figure, value in self.beyond.items()
            if figure not in accepted or value > accepted[figure] + LEAST_WORSE
        }


def measure(rows: Sequence[Mapping[str, Any]], keyring: Keyring, now: datetime, *, calibrated: bool) -> Measured:
    """From rows with user_id, course_id, value (0 to 1), outcome (None: not known yet), decided_at and sensitive.

    A person may have several rows; where numbers decide whether something is measured, withheld or stopped, people are
    counted. `calibrated`: the value is meant as the probability of the outcome. Blocks, for about 20 us a row.
    """
    import numpy as np

    from learning.fairness.calibration import expected_calibration_error
    from learning.fairness.groups import SMALLEST, report
    from learning.fairness.watch import judge, overall

    groups = [groups_of(row, keyring, now.date()) for row in rows]
    attributes = {name: [group[name] for group in groups] for name in ATTRIBUTES}
    values = np.array([row["value"] for row in rows], dtype=float)
    modules = [str(row["course_id"]) for row in rows]
    people = [row["user_id"] for row in rows]
    known = [number for number, row in enumerate(rows) if row["outcome"] is not None]
    outcome = np.array([rows[number]["outcome"] for number in known], dtype=bool)
    decided = report(
        values[known],
        outcome,
        {name: [told[number] for number in known] for name, told in attributes.items()},
        [modules[number] for number in known],
        people=[people[number] for number in known],
    )
    everybody = report(values, None, attributes, modules, people=people)
    of_outcomes, of_all = len({people[number] for number in known}), len(set(people))
    stability = _stability(values, rows, now)
    calibration = expected_calibration_error(outcome, values[known]) if calibrated and of_outcomes >= SMALLEST else None
    findings = [*judge(decided, of_outcomes, None, calibration), *judge(everybody, of_all, stability, None)]
    return Measured(
        decisions=len(rows),
        verdict=str(overall(findings)),
        report={
            "decisions": len(rows),
            "people": of_all,
            "outcomes_known": len(known),
            "population_stability_index": stability,
            "expected_calibration_error": calibration,
            "everybody": everybody.document(),
            "outcomes": decided.document(),
            "findings": [asdict(finding) for finding in findings],
        },
        beyond={finding.figure: finding.value for finding in findings if finding.verdict == "stop"},
    )


def together(parts: Mapping[str, Measured]) -> Measured:
    """One measure of several: the worst verdict counts, and figures are told apart by the part's name. The report of
    the part without a name is the whole's, the others' stand in it under theirs."""
    from learning.fairness.watch import Verdict

    severity = [str(verdict) for verdict in Verdict]
    report = dict(parts[""].report)
    report |= {name: part.report for name, part in parts.items() if name}
    return Measured(
        decisions=sum(part.decisions for part in parts.values()),
        verdict=max((part.verdict for part in parts.values()), key=severity.index),
        report=report,
        beyond={
            f"{name}.{figure}" if name else figure: value
            for name, part in parts.items()
            for figure, value in part.beyond.items()
        },
    )


def _stability(values: Floats, rows: Sequence[Mapping[str, Any]], now: datetime) -> float | None:
    """The PSI of the last thirty days' values against those before; None where either are of few people."""
    import numpy as np

    from learning.fairness.drift import deciles, population_stability_index, shares
    from learning.fairness.watch import ENOUGH_TO_STOP

    late = np.array([row["decided_at"] > now - LATELY for row in rows], dtype=bool)
    if any(len({row["user_id"] for row, is_in in zip(rows, part, strict=True) if is_in}) < ENOUGH_TO_STOP
           for part in (late, ~late)):  # fmt: skip
        return None
    borders = np.unique(deciles(values[~late]))  # where many values are the same, some borders are too
    return population_stability_index(shares(values[~late], borders), shares(values[late], borders))
