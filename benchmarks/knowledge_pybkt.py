"""pyBKT's side of benchmarks.knowledge, run by the Python of an environment that has pyBKT.

    python -I knowledge_pybkt.py TRAIN TEST OUT STARTS LEARNERS LONGEST

TRAIN and TEST are CSV files with user_id, skill_name and correct. Fits every skill with forgetting to the first LONGEST
answers of at most LEARNERS learners, chosen evenly, from STARTS random starts; writes the chance of a right answer for
each row of TEST to OUT, in its order, and prints the figures of the fit as JSON.
"""

from __future__ import annotations

import json
import sys
import time
import warnings

import numpy as np
import pandas as pd
from pyBKT.models import Model  # type: ignore[import-not-found]

_SEED = 1


def some(answers: pd.DataFrame, learners: int, longest: int) -> pd.DataFrame:
    """Of one skill: the first answers of some learners."""
    names = answers["user_id"].unique()
    if len(names) > learners:
        names = names[np.linspace(0, len(names) - 1, learners).astype(int)]
    kept = answers[answers["user_id"].isin(names)]
    return kept[kept.groupby("user_id").cumcount() < longest]


def main(train: str, test: str, out: str, starts: int, learners: int, longest: int) -> None:
    every = pd.read_csv(train, dtype={"skill_name": str})
    groups = [some(group, learners, longest) for _, group in every.groupby("skill_name", sort=True)]
    taken = pd.concat(groups, ignore_index=True)
    began = time.process_time()
    # Its pool is made anew for every step of EM and costs more than the step.
    model = Model(seed=_SEED, num_fits=starts, parallel=False)
    model.fit(data=taken.copy(), forgets=True)
    fitted = time.process_time()
    rows = pd.read_csv(test, dtype={"skill_name": str})
    told = model.predict(data=rows.copy()).sort_index()  # it sorts by learner, and keeps the index
    assert len(told) == len(rows)
    assert (told["correct"].to_numpy() == rows["correct"].to_numpy()).all()
    told[["correct_predictions"]].to_csv(out, index=False)
    figures = {
        "answers": len(taken),
        "skills": len(model.coef_),
        "fit_cpu_seconds": fitted - began,
        "predict_cpu_seconds": time.process_time() - fitted,
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    _, own_train, own_test, own_out, *limits = sys.argv
    main(own_train, own_test, own_out, *map(int, limits))
