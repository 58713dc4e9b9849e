"""What a language model says, sentence by sentence, without those that give a quiz away or are left out already."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from learning.tutoring.quizzes import BLANK, QuizQuestion, gives_away
from learning.tutoring.wording import Wording

# A sentence is held back until it is known where it ends.
_END = re.compile(r"(?<=[.!?])\s+|\n+")
_MARK = re.compile(r"\s*(?:\d{1,3}[.)]|[-*•])\s+")  # of a list; goes with what follows it
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
        while (end := self._end()) or len(self._held) > _LONGEST_SENTENCE:
            cut = end.end() if end else _LONGEST_SENTENCE
            if self._may_be_shown(sentence := self._held[:cut]):
                shown.append(sentence)
            self._held = self._held[cut:]
        return shown

    def finish(self) -> list[str]:
        """The answer is over; the rest of it."""
        held, self._held = self._held, ""
        return [held] if held and self._may_be_shown(held) else []

    def _end(self) -> re.Match[str] | None:
        mark = _MARK.match(self._held)
        return _END.search(self._held, mark.end() if mark else 0)

    def _may_be_shown(self, sentence: str) -> bool:
        left = _MARK.sub("", Wording.plain(sentence), count=1).replace(BLANK, "")
        if BLANK in sentence and not re.search(r"\w", left):
            return False  # it was left out already
        return not any(self._gives_away(sentence, question) for question in self._questions)

    @staticmethod
    def _gives_away(sentence: str, question: QuizQuestion) -> bool:
        """The number of an excerpt answers no question for a number, but numbers in brackets may be a key."""
        if question.numeric and gives_away(Wording.plain(sentence), question):
            return True
        return gives_away(sentence, replace(question, numeric=False))
