"""Judging an answer as it flows: what may go on at once goes on at once.

Held back is only what could still become personal data: the last word, and before it groups of digits. An answer that
copies protected text is ended as it does. What needs the whole text is found at its end, when it can only be told of.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from learning.governance.checks.texts import FORMED, PATTERNS, fingerprints, named, personal
from learning.governance.decisions import Finding
from learning.governance.judge import Judge
from learning.governance.views import TextContext, TextView
from learning.governance.vocabulary import Action
from learning.safety.overlap import OverlapStream

# Without one of these there is nothing in a text that has a form.
_SUSPECT = re.compile(r"[\d@]|://|www\.", re.IGNORECASE)
_CONTEXT_CHARACTERS = 160
_MOST_HELD_CHARACTERS = 128
_AT_THE_END = ("ungrounded_statement", "protected_attribute_as_reason")


class Refused(Exception):
    """The answer must not go on."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.check)
        self.finding = finding


class AnswerStream:
    """Watches one answer. `tell` hears every finding as it is made."""

    def __init__(self, judge: Judge, context: TextContext, tell: Callable[[Finding], None]) -> None:
        self._judge = judge
        self._context = context
        self._tell = tell
        self._held = ""
        self._before = ""
        self._overlap: OverlapStream | None = None
        if context.protected:
            words = judge.constitution.parameters("verbatim_overlap")["words"]
            self._overlap = OverlapStream(fingerprints(context.protected), least_words=words)
            self._words = words
        # Kept only where something at the end wants the whole.
        self._whole: list[str] | None = [] if context.sources or context.recommends else None

    def feed(self, text: str) -> str:
        """Some text arrived; gives what may go on. Raises `Refused`."""
        self._watch(text)
        self._held += text
        return self._release(_settled(self._held))

    def end(self) -> str:
        """Nothing more arrives; gives what was held back. Raises `Refused`."""
        rest = self._release(len(self._held))
        if self._whole is not None:
            view = TextView(text="".join(self._whole), context=self._context)
            for finding in self._judge.examine(view, _AT_THE_END):
                self._report(finding)
        return rest

    def _watch(self, text: str) -> None:
        if self._whole is not None:
            self._whole.append(text)
        if self._overlap is not None:
            self._overlap.feed(text)
            if (copied := self._overlap.copying) >= self._words:
                self._report(self._judge.finding("verbatim_overlap", f"{copied} words of protected text"))
                self._overlap = None  # told once; where it may go on, it goes on

    def _release(self, cut: int) -> str:
        if not _SUSPECT.search(self._held, 0, cut):
            return self._let_go(cut, self._held[:cut])
        parts: list[str] = []
        at = 0
        for span in PATTERNS.detect_segment(self._before, self._held):
            if span.start >= cut:
                break
            if span.end > cut and len(self._held) - span.start <= _MOST_HELD_CHARACTERS:
                cut = span.start
                break
            found = self._held[span.start : span.end]
            if span.kind not in FORMED or named(found, self._context.known):
                continue
            seen = personal(span)
            self._report(self._judge.finding("personal_data_in_answer", seen.evidence))
            parts += [self._held[at : span.start], seen.replacement or ""]
            at, cut = span.end, max(cut, span.end)
        return self._let_go(cut, "".join([*parts, self._held[at:cut]]))

    def _let_go(self, cut: int, text: str) -> str:
        self._before = (self._before + self._held[:cut])[-_CONTEXT_CHARACTERS:]
        self._held = self._held[cut:]
        return text

    def _report(self, finding: Finding) -> None:
        self._tell(finding)
        if finding.action is Action.REFUSE:
            raise Refused(finding)


def _settled(text: str) -> int:
    """Up to where no more text can change what is found: before the last word, and before the digits it may belong to.

    A word between digits belongs to them, as a month does to a date.
    """
    start = _word_start(text, len(text))
    floor = max(0, len(text) - _MOST_HELD_CHARACTERS)
    while start > floor:
        previous = _word_start(text, len(text[:start].rstrip()))
        if not _has_digit(text[previous:start]):
            previous = _word_start(text, len(text[:previous].rstrip()))
            if previous >= start or not _has_digit(text[previous:start]):
                break
        if previous >= start:
            break
        start = previous
    return start


def _word_start(text: str, end: int) -> int:
    at = end
    while at > 0 and not text[at - 1].isspace():
        at -= 1
    return at


def _has_digit(text: str) -> bool:
    return any(character.isdigit() or character in "+(" for character in text)
