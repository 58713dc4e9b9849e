"""What a language model says, sentence by sentence, without those that give a quiz away or are left out already."""

from __future__ import annotations

import re
from collections.abc import Sequence

from learning.tutoring.quizzes import BLANK, QuizQuestion, gives_away
from learning.tutoring.wording import Wording

# A sentence is held back until it is known where it ends.
_END = re.compile(r"(?<=[.!?])\s+|\n+")
_LONGEST_SENTENCE = 600
_NOTHING = f"{BLANK}.,;:!? \n"  # what is left of a sentence that was left out


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
            if self._may_be_shown(sentence := self._held[:cut]):
                shown.append(sentence)
            self._held = self._held[cut:]
        return shown

    def finish(self) -> list[str]:
        """The answer is over; the rest of it."""
        held, self._held = self._held, ""
        return [held] if held and self._may_be_shown(held) else []

    def _may_be_shown(self, sentence: str) -> bool:
        text = Wording.plain(sentence)  # the number of an excerpt answers no question for a number
        if BLANK in text and not text.strip(_NOTHING):
            return False
        return not any(gives_away(text, question) for question in self._questions)
