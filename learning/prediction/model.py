"""The risk model: one set of coefficients, with what each module and season adds to it, drawn towards nothing.

A module with little data differs little from the rest, and one that was never seen gets what all have in common
(partial pooling). The same holds for the season a presentation starts in, of which there are always few to learn from.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from learning.prediction.cohort import Bools, Cohort, Floats
from learning.prediction.features import NAMES, Features, features
from learning.prediction.logistic import fit, sigmoid
from learning.prediction.reference import Usual

_LARGEST_DEVIATION = 4.0  # one odd value does not decide alone
_COMMON_PENALTY = 30.0
_MODULE_PENALTY = 5.0
_MODULE_SLOPE_PENALTY = 120.0
_SEASON_PENALTY = 300.0  # about half of what one cycle of seasons shows
_INTERCEPT_PENALTY = 1e-6
_LAST_DAY = 1000


@dataclass(frozen=True)
class RiskModel:
    """A fitted model. `past` holds what was usual, by module and overall (under ""). All arrays follow `names`."""

    day: int
    names: tuple[str, ...]
    mean: Floats
    scale: Floats
    intercept: float
    common: Floats
    modules: Mapping[str, float]
    slopes: Mapping[str, Floats]
    seasons: Mapping[str, float]
    past: Mapping[str, Mapping[str, Usual]]

    def contributions(self, cohort: Cohort) -> Floats:
        """What each feature adds to each learner's log odds, shape (n, features). What is not known adds nothing."""
        found = features(cohort, self.day, self.past.get(cohort.module, self.past[""]))
        slopes = self.common + self.slopes.get(cohort.module, np.zeros(len(self.names)))
        return np.asarray(_standardised(found.values, self.mean, self.scale) * slopes)

    def base(self, cohort: Cohort) -> float:
        """The log odds of a learner of this cohort who is average in everything."""
        return self.intercept + self.modules.get(cohort.module, 0.0) + self.seasons.get(cohort.season, 0.0)

    def probability(self, cohort: Cohort) -> Floats:
        """The probability that each learner withdraws or fails, shape (n,)."""
        return sigmoid(self.base(cohort) + self.contributions(cohort).sum(axis=1))

    def document(self) -> dict[str, Any]:
        """Plain values, which `from_document` reads."""
        return {
            "kind": "risk",
            "day": self.day,
            "names": list(self.names),
            "mean": self.mean.tolist(),
            "scale": self.scale.tolist(),
            "intercept": self.intercept,
            "common": self.common.tolist(),
            "modules": dict(self.modules),
            "slopes": {module: slopes.tolist() for module, slopes in self.slopes.items()},
            "seasons": dict(self.seasons),
            "past": {
                module: {name: [usual.count, usual.mean, usual.variance] for name, usual in past.items()}
                for module, past in self.past.items()
            },
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> RiskModel:
        """Raises `ValueError` where the document is not a model with the features of this version."""
        if document.get("kind") != "risk" or tuple(document.get("names", ())) != NAMES:
            raise ValueError("not a risk model of this version: train it again")
        past = {
            module: {name: Usual(*map(float, values)) for name, values in figures.items()}
            for module, figures in document["past"].items()
        }
        if "" not in past or not 1 <= int(document["day"]) <= _LAST_DAY:
            raise ValueError("a model needs a day and what was usual")
        return cls(
            day=int(document["day"]),
            names=NAMES,
            mean=_row(document["mean"]),
            scale=_row(document["scale"]),
            intercept=float(document["intercept"]),
            common=_row(document["common"]),
            modules={module: float(effect) for module, effect in document["modules"].items()},
            slopes={module: _row(slopes) for module, slopes in document["slopes"].items()},
            seasons={season: float(effect) for season, effect in document["seasons"].items()},
            past=past,
        )


def train(cohorts: Sequence[Cohort], day: int) -> RiskModel:
    """Fit to cohorts whose outcomes are known, of all or of some: the others are measured against, not learned from.

    Raises `ValueError` where both outcomes do not occur.
    """
    outcome = np.concatenate([_known(cohort) for cohort in cohorts]) if cohorts else np.zeros(0, bool)
    if len(outcome) == 0 or outcome.all() or not outcome.any():
        raise ValueError("training needs learners of both outcomes")
    found = [features(cohort, day) for cohort in cohorts]
    raw = np.vstack([one.values[cohort.known] for one, cohort in zip(found, cohorts, strict=True)])
    mean, deviation = _spread(raw)
    scale = np.where(deviation > 1e-9, deviation, 1.0)
    values = _standardised(raw, mean, scale)
    sizes = [int(cohort.known.sum()) for cohort in cohorts]
    modules = sorted({cohort.module for cohort in cohorts})
    seasons = sorted({cohort.season for cohort in cohorts})
    in_module = _indicator(np.repeat([cohort.module for cohort in cohorts], sizes), modules)
    in_season = _indicator(np.repeat([cohort.season for cohort in cohorts], sizes), seasons)
    interactions = (in_module[:, :, None] * values[:, None, :]).reshape(len(values), -1)
    width = len(NAMES)
    parts = [
        (np.ones((len(values), 1)), _INTERCEPT_PENALTY),
        (values, _COMMON_PENALTY),
        (in_module, _MODULE_PENALTY),
        (in_season, _SEASON_PENALTY),
        (interactions, _MODULE_SLOPE_PENALTY),
    ]
    penalty = np.concatenate([np.full(part.shape[1], weight) for part, weight in parts])
    coefficients = fit(np.hstack([part for part, _ in parts]), outcome, penalty)
    borders = np.cumsum([part.shape[1] for part, _ in parts])[:-1]
    intercept, common, of_module, of_season, slopes = np.split(coefficients, borders)
    return RiskModel(
        day=day,
        names=NAMES,
        mean=mean,
        scale=scale,
        intercept=float(intercept[0]),
        common=common,
        modules=dict(zip(modules, of_module.tolist(), strict=True)),
        slopes=dict(zip(modules, slopes.reshape(len(modules), width), strict=True)),
        seasons=dict(zip(seasons, of_season.tolist(), strict=True)),
        past=_past(cohorts, found),
    )


def _row(values: Any) -> Floats:
    """One finite number for each feature. Raises `ValueError`."""
    row = np.asarray(values, dtype=np.float64)
    if row.shape != (len(NAMES),) or not np.isfinite(row).all():
        raise ValueError(f"a row of {len(NAMES)} numbers is needed")
    return row


def _known(cohort: Cohort) -> Bools:
    if cohort.outcome is None:
        raise ValueError(f"the outcomes of {cohort.name} are not known")
    return cohort.outcome[cohort.known]


def _spread(values: Floats) -> tuple[Floats, Floats]:
    """Mean and standard deviation of what is known in each column; 0 and 0 where nothing is."""
    known = np.isfinite(values)
    count = np.maximum(1, known.sum(axis=0))
    mean = np.where(known, values, 0.0).sum(axis=0) / count
    return mean, np.sqrt((np.where(known, values - mean, 0.0) ** 2).sum(axis=0) / count)


def _standardised(values: Floats, mean: Floats, scale: Floats) -> Floats:
    """What is not known is as the mean."""
    deviation = np.nan_to_num((values - mean) / scale)
    return np.asarray(np.clip(deviation, -_LARGEST_DEVIATION, _LARGEST_DEVIATION))


def _indicator(labels: np.ndarray, kinds: list[str]) -> Floats:
    return np.asarray(np.equal(labels[:, None], np.array(kinds)[None, :]), dtype=np.float64)


def _past(cohorts: Sequence[Cohort], found: Sequence[Features]) -> dict[str, dict[str, Usual]]:
    """What was usual in each module, and in all."""
    parts: dict[str, dict[str, list[Usual]]] = defaultdict(lambda: defaultdict(list))
    for cohort, one in zip(cohorts, found, strict=True):
        for name, usual in one.usual.items():
            parts[cohort.module][name].append(usual)
            parts[""][name].append(usual)
    return {module: {name: Usual.pooled(some) for name, some in by.items()} for module, by in parts.items()}
