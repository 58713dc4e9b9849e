"""What a language model says, sentence by sentence, without those that give a quiz away."""

from __future__ import annotations

import re
from collections.abc import Sequence

from learning.tutoring.quizzes import BLANK, QuizQuestion, gives_away

# A sentence is held back until it is known where it ends.
_END = re.compile(r"(?<=[.!?])\s+|\n+")
_LONGEST_SENTENCE = 600


class Guard:
    """Takes text as it comes and gives it on in whole sentences. For one answer."""

    def __init__(self, questions: Sequence[QuizQuestion]) -> None:
        self._questions = questions
        self._held = ""

    def take(self, piece: str) -> list[str]:
        """More of the answer; the sentences that may be shown by now, with the spaces behind them."""
        self._held += piece
        shown = []
        while (end := _END.search(self._held)) or len(self._held) > _LONGEST_SENTENCE:
            cut = end.end() if end else _LONGEST_SENTENCE
            shown.append(self._checked(self._held[:cut]))
            self._held = self._held[cut:]
        return shown

    def finish(self) -> list[str]:
        """The answer is over; the rest of it."""
        held, self._held = self._held, ""
        return [self._checked(held)] if held else []

    def _checked(self, sentence: str) -> str:
        if not any(gives_away(sentence, question) for question in self._questions):
            return sentence
        return BLANK + sentence[len(sentence.rstrip()) :]
