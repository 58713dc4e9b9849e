"""Fitting trees with scikit-learn's histogram gradient boosting, and taking its trees out as arrays.

Friedman (2001); Ke and others (2017). scikit-learn has no public way to read its trees, so the result is compared with
scikit-learn's own answer before it is returned.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from learning.boosting.forest import Forest, Numbers


def fit_forest(
    features: Numbers, classes: NDArray[np.int64], *, weights: Numbers | None = None, **options: Any
) -> Forest:
    """Trees whose sums are log odds (two classes, one output) or logits (three and more, one output each).

    `options` are those of `HistGradientBoostingClassifier`. Features must be finite.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier
    from threadpoolctl import threadpool_limits

    fitted = HistGradientBoostingClassifier(random_state=0, early_stopping=False, **options)
    with threadpool_limits(1):  # its threads wait by spinning, which on a busy machine takes ten times as long
        fitted.fit(features, classes, sample_weight=weights)
    forest = _forest(fitted)
    some = features[:200]
    expected = fitted.decision_function(some).reshape(len(some), -1)
    if not np.allclose(forest.sums(some), expected, atol=1e-6):
        raise RuntimeError("this version of scikit-learn keeps its trees in another form")
    return forest


def _forest(fitted: Any) -> Forest:
    feature, threshold, left, right, value, root = [], [], [], [], [], []
    size = depth = 0
    for round_of_trees in fitted._predictors:
        for tree in round_of_trees:
            nodes = tree.nodes
            here = np.arange(len(nodes)) + size
            leaf = nodes["is_leaf"].astype(bool)
            feature.append(nodes["feature_idx"])
            threshold.append(nodes["num_threshold"])
            left.append(np.where(leaf, here, nodes["left"] + size))
            right.append(np.where(leaf, here, nodes["right"] + size))
            value.append(np.where(leaf, nodes["value"], 0.0))
            root.append(size)
            size += len(nodes)
            depth = max(depth, int(nodes["depth"].max()))
    return Forest(
        feature=np.concatenate(feature).astype(np.int32),
        threshold=np.concatenate(threshold).astype(np.float64),
        left=np.concatenate(left).astype(np.int32),
        right=np.concatenate(right).astype(np.int32),
        value=np.concatenate(value).astype(np.float64),
        root=np.array(root, dtype=np.int32),
        start=np.asarray(fitted._baseline_prediction, dtype=np.float64).reshape(-1),
        depth=depth,
    )
