"""Cohorts that were made up, with a truth that is known."""

from __future__ import annotations

import numpy as np

from learning.prediction.cohort import Cohort


def cohort(size: int = 200, seed: int = 0, module: str = "AAA", presentation: str = "2013J") -> Cohort:
    """Learners with a hidden diligence that shows in everything they do and in how they end."""
    random = np.random.default_rng(seed)
    diligence = random.normal(size=size)
    task_day = np.array([19.0, 47.0, 90.0, np.nan])
    made = diligence[:, None] + random.normal(size=(size, 4)) > np.array([-1.5, -0.8, 1.5, 3.0])
    submitted = np.where(made, np.nan_to_num(task_day, nan=200) + random.integers(-5, 4, size=(size, 4)), np.nan)
    submitted[:, 2] = np.where(made[:, 2], random.integers(40, 90, size=size), np.nan)
    score = np.where(made, np.clip(65 + 12 * diligence[:, None] + 8 * random.normal(size=(size, 4)), 0, 100), np.nan)
    visits = np.maximum(0, np.round(np.exp(4 + 0.7 * diligence + 0.5 * random.normal(size=size)) - 5))
    return Cohort(
        module=module,
        presentation=presentation,
        learners=[f"{module}-{presentation}-{number}" for number in range(size)],
        task_day=task_day,
        task_weight=np.array([10.0, 20.0, 30.0, 40.0]),
        submitted=submitted,
        score=score,
        banked=np.zeros((size, 4), bool),
        registered_day=random.integers(-150, 10, size=size).astype(float),
        previous_attempts=random.integers(0, 3, size=size).astype(float),
        credits=random.choice([30.0, 60.0, 120.0], size=size),
        clicks=np.where(visits > 0, visits * 3, np.nan),
        visits=np.where(visits > 0, visits, np.nan),
        unevenness=np.where(visits > 0, random.exponential(3, size=size), np.nan),
        outcome=diligence + 0.8 * random.normal(size=size) < -0.2,
        decided=np.ones(size, bool),
    )


def world(seed: int = 0) -> list[Cohort]:
    """Two modules in three presentations."""
    return [
        cohort(150, seed + 10 * number + ord(module[0]), module, presentation)
        for number, presentation in enumerate(("2013B", "2013J", "2014B"))
        for module in ("AAA", "BBB")
    ]
