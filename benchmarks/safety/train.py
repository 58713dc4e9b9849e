"""Train the model that weighs words and signs for orders, and write what learning/safety/model holds.

    python -m benchmarks.safety.train

On texts of our own alone: attacks.txt, attacks_second.txt, the first three files of spicy texts, two of the three demo
courses, the pages of docs/decisions and the ordinary sentences of benchmarks/personal_data. Ten-fold figures are
printed; the same input gives the same file.
"""

from __future__ import annotations

import gzip
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import orjson
from numpy.typing import NDArray
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

from benchmarks.safety.__main__ import HELD_OUT_COURSE, lines, units
from learning.safety.injection import signals, strongest, together
from learning.safety.plain import plain
from learning.safety.weighing import FILE, SIGN, sentences, signs, windows, words

ATTACKS = ("attacks.txt", "attacks_second.txt")
SPICY = ("spicy.txt", "spicy_second.txt", "spicy_third.txt")
DOCUMENTS = Path(__file__).parents[2] / "docs" / "decisions"
ORDINARY_WEIGHT = 0.3
"""Ordinary texts are many and easy."""

FALSE_ALARMS = 0.035
"""The share of the spicy texts in training that may be flagged when judged by a model that has not seen them."""

LEAST_WEIGHT = 0.02


@dataclass(frozen=True)
class Corpus:
    """Texts in the order attacks, spicy, ordinary."""

    attacks: tuple[str, ...]
    spicy: tuple[str, ...]
    ordinary: tuple[str, ...]

    @property
    def texts(self) -> tuple[str, ...]:
        return self.attacks + self.spicy + self.ordinary

    @property
    def labels(self) -> NDArray[np.int64]:
        return np.array([1] * len(self.attacks) + [0] * (len(self.spicy) + len(self.ordinary)))

    @property
    def weights(self) -> NDArray[np.float64]:
        strong = len(self.attacks) + len(self.spicy)
        return np.array([1.0] * strong + [ORDINARY_WEIGHT] * len(self.ordinary))


def pieces(body: str) -> list[str]:
    """A long text as it is judged: by windows of sentences."""
    places = sentences(body)
    return [body[places[window[0]][0] : places[window[-1]][1]] for window in windows(len(places))]


def corpus() -> Corpus:
    bodies = [unit.body for unit in units() if unit.course != HELD_OUT_COURSE]
    documents = [path.read_text(encoding="utf-8") for path in sorted(DOCUMENTS.glob("*.md"))]
    ordinary = {piece for body in [*bodies, *documents] for piece in pieces(body) if len(piece) > 12}
    return Corpus(
        tuple(text for name in ATTACKS for text in lines(name)),
        tuple(text for name in SPICY for text in lines(name)),
        (*sorted(ordinary), *lines("../personal_data/ordinary.txt")),
    )


def seen(text: str) -> dict[str, float]:
    read = plain(text)
    found = signals(text, read)
    return dict.fromkeys(words(read.text), 1.0) | (signs(strongest(found), together(found)) if found else {})


def fitted(rows: Sequence[Mapping[str, float]], labels: NDArray[np.int64], weights: NDArray[np.float64]) -> tuple[
    DictVectorizer, LogisticRegression
]:  # fmt: skip
    vectorizer = DictVectorizer()
    model = LogisticRegression(C=1.0, max_iter=3_000)
    return vectorizer, model.fit(vectorizer.fit_transform(rows), labels, sample_weight=weights)


def unseen_sums(rows: Sequence[Mapping[str, float]], of: Corpus) -> NDArray[np.float64]:
    """What models that have not seen a text say of it."""
    sums = np.zeros(len(rows))
    for train, test in StratifiedKFold(10, shuffle=True, random_state=0).split(rows, of.labels):
        vectorizer, model = fitted([rows[each] for each in train], of.labels[train], of.weights[train])
        sums[test] = model.decision_function(vectorizer.transform([rows[each] for each in test]))
    return sums


def main() -> None:
    of = corpus()
    rows = [seen(text) for text in of.texts]
    sums = unseen_sums(rows, of)
    first, last = len(of.attacks), len(of.attacks) + len(of.spicy)
    threshold = float(np.quantile(sums[first:last], 1 - FALSE_ALARMS))
    flagged = sums >= threshold
    at = 0
    for name in (*ATTACKS, *SPICY):
        count = len(lines(name))
        print(f"{name}: {flagged[at : at + count].mean():.1%} of {count}")
        at += count
    print(f"ordinary: {flagged[last:].mean():.2%} of {len(of.ordinary)}")
    vectorizer, model = fitted(rows, of.labels, of.weights)
    weights = dict(zip(vectorizer.get_feature_names_out(), map(float, model.coef_[0]), strict=True))
    kept = {name: round(weight, 3) for name, weight in sorted(weights.items()) if abs(weight) >= LEAST_WEIGHT}
    document = {
        "words": {name: weight for name, weight in kept.items() if not name.startswith(SIGN)},
        "signs": {name: weight for name, weight in kept.items() if name.startswith(SIGN)},
        "threshold": round(threshold - float(model.intercept_[0]), 3),
    }
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_bytes(gzip.compress(orjson.dumps(document), mtime=0))
    print(f"{FILE.name}: {len(kept)} weights, {FILE.stat().st_size} bytes")


if __name__ == "__main__":
    main()
