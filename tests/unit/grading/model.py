"""A model of words for tests: every piece has a direction of its own, made of its number. No weights, no runtime."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np

from learning.embedding.minilm import DIMENSIONS, Vectors
from learning.embedding.wordpiece import WordPiece
from learning.grading.answers import Graded, Label, Question
from learning.grading.reading import Reader


class Hashed:
    """Vectors of pieces that depend on the piece alone."""

    def __init__(self) -> None:
        self.tokenizer = WordPiece.load()

    def token_states(self, texts: Sequence[str]) -> list[Vectors]:
        return [np.stack([_direction(piece) for piece in self.tokenizer.encode(text, 256)]) for text in texts]


@cache
def _direction(piece: int) -> Vectors:
    return np.random.default_rng(piece).normal(size=DIMENSIONS).astype(np.float32)


@cache
def reader() -> Reader:
    return Reader(Hashed())


SUBJECTS = ["water", "iron", "wood", "glass", "copper", "salt", "sugar", "sand", "stone", "paper", "rubber", "plastic"]


def question(subject: str) -> Question:
    return Question(
        id=subject,
        text=f"What happens when {subject} is heated?",
        references=(f"The particles of {subject} move faster and it expands.", f"{subject} gets bigger."),
    )


def school(answers: int = 30) -> list[Graded]:
    """Graded answers to a dozen questions, right, opposite and beside the point."""
    random = np.random.default_rng(4)
    ways = {
        Label.CORRECT: ["it expands", "the particles move faster", "it gets bigger because particles move faster"],
        Label.CONTRADICTORY: ["it gets smaller", "the particles move slower", "it does not expand"],
        Label.INCORRECT: ["I do not know", "it is shiny", "you need a spoon", "heat is warm"],
    }
    tails = ["", " I think", " in the end", " every time", " as we saw", " you know"]
    return [
        Graded(question=question(subject), answer=f"{random.choice(ways[label])}{random.choice(tails)}", label=label)
        for subject in SUBJECTS
        for label in random.choice(list(Label), size=answers, p=[0.4, 0.2, 0.4])
    ]
