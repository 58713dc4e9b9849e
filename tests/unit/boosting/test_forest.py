"""Trees taken out of scikit-learn answer as scikit-learn does, also after a file."""

import numpy as np
import pytest

from learning.boosting.fitting import fit_forest
from learning.boosting.forest import Forest


@pytest.mark.parametrize("classes", [2, 3])
def test_a_forest_answers_the_same_whole_or_row_by_row_and_after_its_arrays(classes: int) -> None:
    random = np.random.default_rng(1)
    features = random.normal(size=(300, 4))
    labels = (features[:, 0] + features[:, 1] ** 2 > 0.5).astype(np.int64) + (classes == 3) * (features[:, 2] > 1)
    forest = fit_forest(features, labels, max_iter=5, min_samples_leaf=5)  # compares itself with scikit-learn
    whole = forest.sums(features)
    assert whole.shape == (300, 1 if classes == 2 else 3)
    assert np.allclose(np.concatenate([forest.sums(row[None]) for row in features]), whole)
    assert np.array_equal(Forest.of(forest.arrays()).sums(features), whole)
    assert forest.sums(np.empty((0, 4))).shape == (0, whole.shape[1])
