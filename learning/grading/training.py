"""Fitting a grader to graded answers.

Everything that is tuned (what chances are multiplied by, how far they are trusted) is tuned on predictions for answers
that the classifier had not seen: whole questions held out for the judge of new questions, single answers for the judge
of known ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from learning.boosting.forest import Numbers
from learning.grading.answers import LABELS, Graded
from learning.grading.classifier import Classifier, fit_classifier
from learning.grading.errors import TooFewAnswers
from learning.grading.features import Asked, asked, features
from learning.grading.model import ENOUGH, GradingModel, Judge, Known, Sketch, log_odds, question_key
from learning.grading.neighbours import Neighbours
from learning.grading.reading import Reader

FOLDS = 4
ROUNDS = 80
FEWEST_ANSWERS, FEWEST_QUESTIONS = 200, 2 * FOLDS
_LEANINGS = (0.6, 0.8, 1.0, 1.25, 1.6, 2.0, 2.5, 3.2, 4.0)


@dataclass(frozen=True)
class Seen:
    """Graded answers, read: what fitting needs of them."""

    features: Numbers  # (answers, features)
    labels: NDArray[np.int64]
    questions: NDArray[np.int64]  # numbers of questions
    keys: Sequence[str]  # of questions, by number
    sketches: Sequence[Sketch]


@dataclass(frozen=True, slots=True, eq=False)
class Read:
    """A graded answer, read."""

    features: Numbers
    sketch: Sketch


class AnswerReader:
    """Reads graded answers; the questions of the last ones are remembered."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._asked: dict[str, Asked] = {}

    def read(self, graded: Sequence[Graded]) -> list[Read]:
        """In their order. Those to one question are best read together."""
        keys = [question_key(one.question) for one in graded]
        new = {key: one.question for key, one in zip(keys, graded, strict=True) if key not in self._asked}
        self._asked = {key: self._asked[key] for key in set(keys) - set(new)}
        for key, question in new.items():
            text, *references = self._reader.read([question.text, *question.references])
            self._asked[key] = asked(text, references)
        read = self._reader.read([one.answer for one in graded])
        return [
            Read(features(one, self._asked[key]), Sketch(one.vector, one.stem_set))
            for one, key in zip(read, keys, strict=True)
        ]


def seen(graded: Sequence[Graded], read: Sequence[Read]) -> Seen:
    """Graded answers with what was read of each."""
    keys = [question_key(one.question) for one in graded]
    distinct = list(dict.fromkeys(keys))
    numbers = {key: number for number, key in enumerate(distinct)}
    return Seen(
        np.stack([one.features for one in read]),
        np.array([LABELS.index(one.label) for one in graded]),
        np.array([numbers[key] for key in keys]),
        distinct,
        [one.sketch for one in read],
    )


def see(graded: Sequence[Graded], reader: Reader, *, at_once: int = 256) -> Seen:
    """Read graded answers."""
    answers = AnswerReader(reader)
    parts = (graded[at : at + at_once] for at in range(0, len(graded), at_once))
    return seen(graded, [one for part in parts for one in answers.read(part)])


@dataclass(frozen=True)
class Fitted:
    """A model, and how good it was on what it had not seen."""

    model: GradingModel
    figures: dict[str, float]


def fit(seen: Seen, name: str, *, rounds: int = ROUNDS) -> Fitted:
    """A grader with all of the graded answers in it. Raises `TooFewAnswers`."""
    _require(seen)
    by_question = folds(seen.questions, FOLDS)
    chances, blind = _held_out(seen.features, seen.labels, by_question, rounds, seen.questions)
    # What is best on questions at hand is not best on others, so the labels of new ones weigh the same.
    whole = fit_classifier(seen.features, seen.labels, rounds, seen.questions)
    new = _judge(whole, chances, seen.labels, _evened(seen.labels))
    figures = {"macro_f1_new_questions": _figure(new, chances, seen.labels)}
    graded = _known(seen, chances, by_question, new.classifier.prior)
    extended = np.hstack([seen.features, _left_out(seen, graded)])
    enough = np.array([len(graded[key].neighbours.labels) > ENOUGH for key in seen.keys])[seen.questions]
    extended, labels = extended[enough], seen.labels[enough]
    if len(labels) < FEWEST_ANSWERS or len(np.unique(labels)) < len(LABELS):
        known = new  # no question has enough graded answers: none is ever judged as known
    else:
        by_answer = folds(np.arange(len(labels)), FOLDS)
        heard, _ = _held_out(extended, labels, by_answer, rounds)
        known = _judge(fit_classifier(extended, labels, rounds), heard, labels, _best_leaning(heard, labels))
        figures["macro_f1_known_questions"] = _figure(known, heard, labels)
    model = GradingModel(name=name, new=new, known=known, graded=graded, blind=blind)
    return Fitted(model, figures)


def _known(seen: Seen, chances: Numbers, fold: NDArray[np.int64], prior: Numbers) -> dict[str, Known]:
    """The graded answers by question."""
    found = {}
    for number, key in enumerate(seen.keys):
        own = np.flatnonzero(seen.questions == number)
        neighbours = Neighbours([seen.sketches[int(index)] for index in own], seen.labels[own], chances[own], prior)
        found[key] = Known(neighbours=neighbours, fold=int(fold[own[0]]))
    return found


def folds(groups: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """A fold for each row, the same for equal groups, shuffled in a way that is the same every time."""
    distinct = np.random.default_rng(11).permutation(np.unique(groups))
    place = {int(group): index % count for index, group in enumerate(distinct)}
    return np.array([place[int(group)] for group in groups])


def macro_f1(labels: NDArray[np.int64], predicted: NDArray[np.int64]) -> float:
    """The mean over the three labels of the harmonic mean of precision and recall."""
    either = [int((labels == one).sum() + (predicted == one).sum()) for one in range(len(LABELS))]
    both = [int(((labels == one) & (predicted == one)).sum()) for one in range(len(LABELS))]
    return float(np.mean([2 * hit / total if total else 0.0 for hit, total in zip(both, either, strict=True)]))


def _require(seen: Seen) -> None:
    if len(seen.labels) < FEWEST_ANSWERS or len(seen.keys) < FEWEST_QUESTIONS:
        raise TooFewAnswers(
            f"{len(seen.labels)} graded answers to {len(seen.keys)} questions; at least {FEWEST_ANSWERS} to "
            f"{FEWEST_QUESTIONS} are needed."
        )
    if absent := [label for index, label in enumerate(LABELS) if (seen.labels == index).sum() < FOLDS]:
        raise TooFewAnswers(f"Hardly any answer is labelled {', '.join(absent)}.")


def _left_out(seen: Seen, graded: dict[str, Known]) -> Numbers:
    found: Numbers | None = None
    for number, key in enumerate(seen.keys):
        rows = graded[key].neighbours.left_out()
        if found is None:
            found = np.zeros((len(seen.labels), rows.shape[1]))
        found[seen.questions == number] = rows
    assert found is not None
    return found


def _held_out(
    rows: Numbers,
    labels: NDArray[np.int64],
    fold: NDArray[np.int64],
    rounds: int,
    questions: NDArray[np.int64] | None = None,
) -> tuple[Numbers, tuple[Classifier, ...]]:
    """Chances for each row by a classifier that was fitted without its fold, and these classifiers."""
    chances = np.zeros((len(labels), len(LABELS)))
    classifiers = []
    for one in range(FOLDS):
        asked = None if questions is None else questions[fold != one]
        classifiers.append(fit_classifier(rows[fold != one], labels[fold != one], rounds, asked))
        chances[fold == one] = classifiers[-1].probabilities(rows[fold == one])
    return chances, tuple(classifiers)


def _figure(judge: Judge, chances: Numbers, labels: NDArray[np.int64]) -> float:
    return round(macro_f1(labels, np.argmax(chances * judge.leaning, axis=1)), 4)


def _judge(classifier: Classifier, chances: Numbers, labels: NDArray[np.int64], leaning: Numbers) -> Judge:
    predicted = np.argmax(chances * leaning, axis=1)
    return Judge(classifier=classifier, leaning=leaning, trust=_trust(chances, predicted, predicted == labels))


def _best_leaning(chances: Numbers, labels: NDArray[np.int64]) -> Numbers:
    """What the chances of the two rarer labels are multiplied by for the best macro-F1."""
    even = _evened(labels)
    best = max(
        product(_LEANINGS, repeat=2),
        key=lambda pair: macro_f1(labels, np.argmax(chances * even * np.array([*pair, 1.0]), axis=1)),
    )
    return np.array([*best, 1.0]) * even


def _evened(labels: NDArray[np.int64]) -> Numbers:
    """What makes all labels as likely."""
    return len(labels) / np.bincount(labels, minlength=len(LABELS))


def _trust(chances: Numbers, predicted: NDArray[np.int64], right: NDArray[np.bool_]) -> Numbers:
    """Platt's scaling (1999) of the log odds of the label that was given."""
    from sklearn.linear_model import LogisticRegression

    if right.all() or not right.any():
        return np.array([0.0, 1.0])
    fitted = LogisticRegression(C=10.0).fit(log_odds(chances, predicted)[:, None], right)
    return np.array([float(fitted.intercept_[0]), max(float(fitted.coef_[0, 0]), 0.05)])
