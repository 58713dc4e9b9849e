"""Figures of knowledge tracing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

MOST_ROWS = 1_000


def auc(right: Sequence[int], chances: Sequence[float], lengths: Sequence[int], name: str = "auc") -> dict[str, float]:
    """AUC over all answers as `name`, and over the answers of learners with at most 1,000 rows as
    `name_at_most_1000_rows`: a few long histories can outweigh all others. `lengths` has for each answer how many
    rows its learner has. Without right and wrong answers there is no figure."""
    from sklearn.metrics import roc_auc_score

    results, predicted = np.asarray(right), np.asarray(chances)
    few = np.asarray(lengths) <= MOST_ROWS
    found = {}
    for label, chosen in ((name, np.ones_like(few)), (f"{name}_at_most_{MOST_ROWS}_rows", few)):
        if len(np.unique(results[chosen])) == 2:
            found[label] = round(float(roc_auc_score(results[chosen], predicted[chosen])), 4)
    return found
