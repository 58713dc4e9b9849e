"""Rates and quality of predictions for each group of an attribute. Small groups are withheld."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from learning.fairness.calibration import expected_calibration_error
from learning.fairness.roc import Bools, Floats, abroca, auroc

People: TypeAlias = NDArray[np.int_]
"""Whom each prediction is about, by number."""

SMALLEST = 20
"""Figures over fewer people could point at one."""

SMALLEST_OUTCOME = 10
"""A curve over fewer people of one outcome says nothing."""


@dataclass(frozen=True)
class GroupFigures:
    """What predictions do to one group. `learners` are people; all other figures are over predictions, of which a
    person may have several. Figures that need outcomes are None where these are not known.
    """

    attribute: str
    group: str
    learners: int
    mean_probability: float | None = None
    flagged_rate: float | None = None
    observed_rate: float | None = None
    auroc: float | None = None
    expected_calibration_error: float | None = None
    recall: float | None = None
    false_alarm_rate: float | None = None

    @property
    def withheld(self) -> bool:
        return self.mean_probability is None


@dataclass(frozen=True)
class AttributeFigures:
    """How evenly predictions treat the groups of one attribute. `abroca` is the largest of each group and the rest."""

    attribute: str
    abroca: float | None
    demographic_parity_difference: float | None
    equalized_odds_difference: float | None


@dataclass(frozen=True)
class FairnessReport:
    """Attributes, their groups, and the same within each module."""

    attributes: list[AttributeFigures]
    groups: list[GroupFigures]
    within_modules: list[dict[str, Any]]

    def of(self, attribute: str) -> AttributeFigures | None:
        return next((figures for figures in self.attributes if figures.attribute == attribute), None)

    def document(self) -> dict[str, Any]:
        return {
            "attributes": [asdict(figures) for figures in self.attributes],
            "groups": [asdict(figures) for figures in self.groups],
            "within_modules": self.within_modules,
        }


def report(
    probability: Floats,
    outcome: Bools | None,
    attributes: Mapping[str, Sequence[str | None]],
    modules: Sequence[str],
    threshold: float = 0.5,
    people: Sequence[Hashable] | None = None,
) -> FairnessReport:
    """Figures for every attribute, from a value for each prediction; None where it is not held (then it is left out).

    `people` says whom each prediction is about, where it is not somebody else every time: whether there are enough for
    a figure is a matter of people, however many predictions one of them has.
    """
    columns = {name: np.array([value or "" for value in values], dtype=str) for name, values in attributes.items()}
    module_of = np.array(modules, dtype=str)
    number_of: dict[Hashable, int] = {}
    who = np.array([number_of.setdefault(one, len(number_of)) for one in people or range(len(probability))], dtype=int)
    return FairnessReport(
        attributes=[_attribute(name, values, probability, outcome, threshold, who) for name, values in columns.items()],
        groups=[
            _group(name, group, values == group, probability, outcome, threshold, who)
            for name, values in columns.items()
            for group in _groups(values)
        ],
        within_modules=list(_within(columns, module_of, probability, outcome, who)),
    )


def count(who: np.ndarray) -> int:
    """How many different people these are."""
    return len(np.unique(who))


def _groups(values: np.ndarray) -> list[str]:
    return [str(group) for group in np.unique(values) if group]


def _group(
    attribute: str,
    group: str,
    member: Bools,
    probability: Floats,
    outcome: Bools | None,
    threshold: float,
    who: People,
) -> GroupFigures:
    size = count(who[member])
    if size < SMALLEST:
        return GroupFigures(attribute, group, size)
    mine = probability[member]
    flagged = mine >= threshold
    if outcome is None:
        return GroupFigures(attribute, group, size, float(mine.mean()), float(flagged.mean()))
    happened = outcome[member]
    return GroupFigures(
        attribute,
        group,
        size,
        float(mine.mean()),
        float(flagged.mean()),
        float(happened.mean()),
        finite(auroc(happened, mine)) if _both(happened, who[member]) else None,
        expected_calibration_error(happened, mine),
        float(flagged[happened].mean()) if happened.any() else None,
        float(flagged[~happened].mean()) if not happened.all() else None,
    )


def _attribute(
    attribute: str, values: np.ndarray, probability: Floats, outcome: Bools | None, threshold: float, who: People
) -> AttributeFigures:
    large = [group for group in _groups(values) if count(who[values == group]) >= SMALLEST]
    held = np.isin(values, large)
    if len(large) < 2:
        return AttributeFigures(attribute, None, None, None)
    flagged, groups = probability[held] >= threshold, values[held]
    if outcome is None:
        return AttributeFigures(attribute, None, _parity(flagged, groups), None)
    happened, persons = outcome[held], who[held]
    enough = all(_both(happened[groups == group], persons[groups == group]) for group in large)
    return AttributeFigures(
        attribute,
        largest_abroca(happened, probability[held], groups, persons),
        _parity(flagged, groups),
        _odds(happened, flagged, groups) if enough else None,
    )


def largest_abroca(outcome: Bools, probability: Floats, groups: np.ndarray, who: People) -> float | None:
    """The largest ABROCA of one group and the rest, over groups with enough of both outcomes; None without any."""
    areas = [
        abroca(outcome, probability, member)
        for member in (groups == group for group in np.unique(groups))
        if _both(outcome[member], who[member]) and _both(outcome[~member], who[~member])
    ]
    return max(areas, default=None)


def _within(
    columns: Mapping[str, np.ndarray], modules: np.ndarray, probability: Floats, outcome: Bools | None, who: People
) -> Iterator[dict[str, Any]]:
    for module in np.unique(modules):
        here = modules == module
        persons = who[here]
        if outcome is None or count(persons) < SMALLEST:
            continue
        happened, mine = outcome[here], probability[here]
        figures: dict[str, Any] = {"module": str(module), "learners": count(persons)}
        figures["auroc"] = finite(auroc(happened, mine)) if _both(happened, persons) else None
        figures["expected_calibration_error"] = expected_calibration_error(happened, mine)
        for name, values in columns.items():
            held = values[here] != ""
            figures[f"abroca_{name}"] = largest_abroca(happened[held], mine[held], values[here][held], persons[held])
        yield figures


def _both(outcome: Bools, who: People) -> bool:
    return min(count(who[outcome]), count(who[~outcome])) >= SMALLEST_OUTCOME


def _parity(flagged: Bools, groups: np.ndarray) -> float:
    """The largest difference of rates between two groups, as fairlearn has it: without pandas, which takes 100 MB of a
    process that does much else."""
    rates = [float(flagged[groups == group].mean()) for group in np.unique(groups)]
    return max(rates) - min(rates)


def _odds(outcome: Bools, flagged: Bools, groups: np.ndarray) -> float:
    """The larger of the differences of recall and of false alarms, likewise."""
    return max(_parity(flagged[outcome], groups[outcome]), _parity(flagged[~outcome], groups[~outcome]))


def finite(value: float) -> float | None:
    """The value, None where it is NaN: there was nothing to measure."""
    return value if np.isfinite(value) else None
