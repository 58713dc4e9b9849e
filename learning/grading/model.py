"""The grader: a classifier for questions that are new, one for questions with graded answers, and those answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import numpy as np
from numpy.typing import NDArray

from learning.boosting.forest import Numbers
from learning.embedding.minilm import Vectors
from learning.grading.answers import LABELS, Grade, Graded, Label, Question
from learning.grading.classifier import Classifier
from learning.grading.concerns import concerns_of_answer
from learning.grading.features import Asked, asked, features
from learning.grading.feedback import feedback
from learning.grading.neighbours import Neighbours, nobody
from learning.grading.reading import Reader, Reading

ENOUGH = 8  # graded answers to a question from which on they are heard
_QUESTIONS_KEPT = 256
_ANSWERS_KEPT = 4_096  # graded ones, of all questions: a sketch takes about 2 kB


@dataclass(frozen=True, slots=True, eq=False)
class Sketch:
    """What is kept of a graded answer."""

    vector: Vectors
    stem_set: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Judge:
    """From features to labels, scores and confidence."""

    classifier: Classifier
    leaning: Numbers  # (labels,) by what chances are multiplied before the largest wins
    trust: Numbers  # (2,) intercept and slope from the log odds of the label to those of its being right

    def judge(self, found: Numbers) -> tuple[Numbers, NDArray[np.int64], Numbers]:
        """Chances, labels, confidence."""
        chances = self.classifier.probabilities(found)
        labels = np.argmax(chances * self.leaning, axis=1)
        return chances, labels, confidence(chances, labels, self.trust)


@dataclass(frozen=True, kw_only=True)
class GradingModel:
    """What training makes and files keep."""

    name: str
    new: Judge
    known: Judge
    graded: Mapping[str, Known] = field(default_factory=dict)  # by `question_key`
    blind: tuple[Classifier, ...] = ()
    about: Mapping[str, Any] = field(default_factory=dict)  # what it was made of


@dataclass(frozen=True, kw_only=True, eq=False)
class Known:
    """The graded answers to a question that the model was fitted with. What it says of new answers before it hears
    them must come from a classifier that never saw the question either (`GradingModel.blind` at `fold`), or their
    errors would not be alike."""

    neighbours: Neighbours
    fold: int


class Grader:
    """Grades answers. Equal input gives equal grades, whatever is graded beside it."""

    def __init__(self, model: GradingModel, reader: Reader) -> None:
        self.model = model
        self._reader = reader
        self._asked: dict[str, Asked] = {}
        self._heard: dict[tuple[str, str], tuple[Sketch, Numbers]] = {}

    def grade(self, question: Question, answers: Sequence[str], graded: Sequence[Graded] = ()) -> list[Grade]:
        """Grades of answers to one question, in their order. `graded` are graded answers to the same question, used
        beside those that the model came with."""
        if not answers:
            return []
        prepared = self.prepare(question)
        read = self._reader.read(answers)
        found = np.stack([features(one, prepared) for one in read])
        neighbours = self._neighbours(question, prepared, graded)
        known = len(neighbours.labels) >= ENOUGH
        judge = self.model.known if known else self.model.new
        if known:
            chances = self._blind(question).probabilities(found)
            found = np.hstack([found, neighbours.compared(read, chances)])
        judged = judge.judge(found)
        heard = len(neighbours.labels) if known else 0
        return [
            self._grade(answer, one, prepared, row, LABELS[label], float(sure), heard)
            for answer, one, row, label, sure in zip(answers, read, *judged, strict=True)
        ]

    def prepare(self, question: Question) -> Asked:
        """The question, read; remembered for the next time."""
        key = question_key(question)
        if key not in self._asked:
            if len(self._asked) >= _QUESTIONS_KEPT:
                self._asked.pop(next(iter(self._asked)))
            first, *references = self._reader.read([question.text, *question.references])
            self._asked[key] = asked(first, references)
        return self._asked[key]

    def _blind(self, question: Question) -> Classifier:
        """A classifier that has not seen the question."""
        kept = self.model.graded.get(question_key(question))
        return self.model.new.classifier if kept is None else self.model.blind[kept.fold]

    def _neighbours(self, question: Question, prepared: Asked, graded: Sequence[Graded]) -> Neighbours:
        kept = self.model.graded.get(question_key(question))
        own = kept.neighbours if kept else nobody(self.model.new.classifier.prior)
        if not graded:
            return own
        heard = self._sketches(question, prepared, [one.answer for one in graded])
        return Neighbours(
            [*own.answers, *(sketch for sketch, _ in heard)],
            np.concatenate([own.labels, [LABELS.index(one.label) for one in graded]]),
            np.concatenate([own.chances, np.stack([chances for _, chances in heard])]),
            own.prior,
        )

    def _sketches(self, question: Question, prepared: Asked, answers: Sequence[str]) -> list[tuple[Sketch, Numbers]]:
        """Of graded answers, and what is said of each unheard; remembered, since they are heard time and again."""
        keys = [(question_key(question), sha256(answer.encode()).hexdigest()[:32]) for answer in answers]
        found = {key: self._heard[key] for key in keys if key in self._heard}
        fresh = {key: answer for key, answer in zip(keys, answers, strict=True) if key not in found}
        if fresh:
            read = self._reader.read(list(fresh.values()))
            chances = self._blind(question).probabilities(np.stack([features(one, prepared) for one in read]))
            for key, one, row in zip(fresh, read, chances, strict=True):
                found[key] = Sketch(one.vector, one.stem_set), row
            while len(self._heard) + len(fresh) > _ANSWERS_KEPT and self._heard:
                self._heard.pop(next(iter(self._heard)))
            self._heard |= {key: found[key] for key in fresh}
        return [found[key] for key in keys]

    def _grade(
        self, answer: str, read: Reading, prepared: Asked, row: Numbers, label: Label, sure: float, heard: int
    ) -> Grade:
        return Grade(
            label=label,
            score=float(row[0]),
            confidence=sure,
            feedback=feedback(label, read, prepared.references),
            probabilities=(float(row[0]), float(row[1]), float(row[2])),
            graded_answers=heard,
            model=self.model.name,
            concerns=concerns_of_answer(answer, read, prepared, right=label is Label.CORRECT),
        )


def question_key(question: Question) -> str:
    """The same for questions that ask the same and take the same for right."""
    parts = [question.text.strip(), *sorted(text.strip() for text in question.references)]
    return sha256("\0".join(parts).encode()).hexdigest()[:32]


def confidence(chances: Numbers, labels: NDArray[np.int64], trust: Numbers) -> Numbers:
    """How likely each label is right, between 0 and 1, never falling as its chance rises."""
    sure: Numbers = 1 / (1 + np.exp(-(trust[0] + trust[1] * log_odds(chances, labels))))
    return sure


def log_odds(chances: Numbers, labels: NDArray[np.int64]) -> Numbers:
    """Of the label of each row."""
    chance = np.clip(chances[np.arange(len(labels)), labels], 1e-4, 1 - 1e-4)
    odds: Numbers = np.log(chance / (1 - chance))
    return odds
