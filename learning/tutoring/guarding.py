"""What a language model says, sentence by sentence, without those that give a quiz away or are left out already."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from learning.tutoring.quizzes import BLANK, QuizQuestion, gives_away
from learning.tutoring.wording import Wording
from learning.tutoring.words import is_number

# A sentence is held back until it is known where it ends.
_END = re.compile(r"(?<=[.!?])\s+|\n+")
_MARK = re.compile(r"\s*(?:\d{1,3}[.)]|[-*•])\s+")  # of a list; goes with what follows it
_LONGEST_SENTENCE = 600


class Guard:
    """Takes text as it comes and gives it on in whole sentences. For one answer."""

    def __init__(self, questions: Sequence[QuizQuestion]) -> None:
        self._questions = questions
        self._in_brackets = [_in_brackets(question) for question in questions if not question.numeric]
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
        plain = Wording.plain(sentence)
        left = _MARK.sub("", plain, count=1).replace(BLANK, "")
        if BLANK in sentence and not re.search(r"\w", left):
            return False  # it was left out already
        # The number of an excerpt answers nothing, but what else is in brackets may be a key.
        return not (
            any(gives_away(plain, question) for question in self._questions)
            or any(gives_away(sentence, question) for question in self._in_brackets)
        )


def _in_brackets(question: QuizQuestion) -> QuizQuestion:
    """The question without the keys that the number of an excerpt could be taken for."""
    return replace(question, keys=tuple(key for key in question.keys if not is_number(key)))
