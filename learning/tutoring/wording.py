"""What a language model says of excerpts: only what they bear out, each statement with the excerpt that does.

A model is told to answer from excerpts and to cite them. It also says what it knows, or believes, and cites wrongly or
not at all. So each sentence is held against the excerpts before it is shown. One that says that they do not answer may
claim something beside that, so none such is shown: what is said in its place is fixed. Small models go round in
circles: what was shown once is not shown again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np

from learning.embedding.minilm import DIMENSIONS, Vectors
from learning.safety.grounding import Grounding
from learning.tutoring.replies import DECLINED, NOT_ALL

_NUMBERS = r"\[\d{1,2}(?:\s*,\s*\d{1,2})*\]"
_CITED = re.compile(rf"[ \t]*{_NUMBERS}")
_BEHIND = re.compile(rf"(?:\s*{_NUMBERS})+[.,;]?\s*")  # the stop came before the number
_STOP = re.compile(r"[.!?:;]*[\"')\N{RIGHT DOUBLE QUOTATION MARK}\N{RIGHT SINGLE QUOTATION MARK}]*$")
_REFUSAL = re.compile(
    r"\b(?:excerpts?|passages?|(?:course|provided|given)\s+(?:material|text|information)s?|(?:this|your)\s+course)\b"
    r"[^.!?\n]{0,60}?"
    r"\b(?:do|does|did|is|are)(?:\s+not|n't|n\N{RIGHT SINGLE QUOTATION MARK}t)\b[^.!?\n]{0,40}?"
    r"\b(?:answer|cover|say|state|mention|contain|include|provide|address|explain|discuss|specify|give|tell)"
    r"|\bI\s+(?:cannot|can't|can\s+not)\s+answer\b"
    r"|\bnot\s+(?:answered|covered|mentioned|stated|addressed|explained)\s+(?:in|by)\s+(?:the|these|your)\s+"
    r"(?:excerpts?|passages?|course|material)",
    re.IGNORECASE,
)


class Wording:
    """For one answer. `excerpts`: what the model was given, numbered from one; headings stand above a blank line.
    `meaning`: vectors of some of their sentences, by which a statement in other words is recognised too."""

    def __init__(self, excerpts: Sequence[str], meaning: Mapping[str, Vectors]) -> None:
        self._excerpts = excerpts
        self._meaning = meaning
        self._numbers: dict[int, int] = {}
        self._held = ""
        self._refuses = False
        self._uncited = False
        self._shown: list[str] = []

    @property
    def cited(self) -> tuple[int, ...]:
        """The places of the excerpts that are cited, in the order of the numbers that they have in what was shown."""
        return tuple(self._numbers)

    @property
    def refuses(self) -> bool:
        """Whether nothing was borne out, and it was said that the excerpts do not answer."""
        return self._refuses and not self._numbers

    def take(self, sentence: str, vector: Vectors | None = None) -> str:
        """The next sentence, with the spaces behind it, and what it means; what may be shown by now.

        Nothing is shown before something is borne out: an opening alone is no answer.
        """
        shown = self._behind(sentence) + self._borne_out(sentence[self._end_of_numbers(sentence) :], vector)
        if not self._numbers:
            self._held += shown
            return ""
        held, self._held = self._held, ""
        return held + shown

    def finish(self) -> str:
        """The answer is over; the rest of it."""
        if not self._refuses:
            return ""
        return f"\n\n{NOT_ALL}" if self._numbers else DECLINED

    @staticmethod
    def plain(sentence: str) -> str:
        """A sentence without its numbers."""
        return _CITED.sub("", sentence).strip()

    @staticmethod
    def _end_of_numbers(sentence: str) -> int:
        behind = _BEHIND.match(sentence)
        return behind.end() if behind else 0

    def _behind(self, sentence: str) -> str:
        """Numbers that belong to the sentence before, which has them already where it was held against the excerpts."""
        numbers = self._places(sentence[: self._end_of_numbers(sentence)])
        return f"{self._cite(numbers)} " if self._uncited and numbers else ""

    def _borne_out(self, sentence: str, vector: Vectors | None) -> str:
        if not sentence.strip():
            return sentence
        text, cited = self.plain(sentence), self._places(sentence)
        if _REFUSAL.search(text):
            self._refuses, self._uncited = True, False
            return ""
        if self._repeats(text):
            self._uncited = False
            return ""
        bearing = self._bearing(text, cited, vector)
        self._uncited = bearing == []
        if bearing is None:
            return ""
        self._shown.append(_words(text))
        return self._with_numbers(sentence, bearing)

    def _repeats(self, text: str) -> bool:
        """Whether it was shown before; or how it begins, where the model was cut off."""
        words = _words(text)
        cut_off = text[-1:].isalnum() and any(shown.startswith(f"{words} ") for shown in self._shown)
        return bool(words) and (cut_off or words in self._shown)

    def _bearing(self, text: str, cited: list[int], vector: Vectors | None) -> list[int] | None:
        """The excerpts that bear a sentence out: those that are cited, or else any. None where none does; what states
        nothing needs none."""
        everywhere = list(range(len(self._excerpts)))
        for places in (cited, everywhere) if cited else (everywhere,):
            found = Grounding(self._embed(text, vector)).check(text, [self._excerpts[place] for place in places])
            if not found.statements:
                return cited
            if not found.unsupported:
                bearing = (places[one.source] for one in found.statements if one.source is not None)
                return cited if places is cited else list(dict.fromkeys(bearing))
        return None

    def _embed(self, text: str, vector: Vectors | None) -> _Lookup | None:
        return None if vector is None or not self._meaning else _Lookup({**self._meaning, text: vector})

    def _places(self, text: str) -> list[int]:
        numbers = (int(number) - 1 for group in _CITED.findall(text) for number in re.findall(r"\d+", group))
        return [place for place in dict.fromkeys(numbers) if 0 <= place < len(self._excerpts)]

    def _with_numbers(self, sentence: str, bearing: list[int]) -> str:
        bare = _CITED.sub("", sentence)
        body = bare.rstrip()
        stop = _STOP.search(body)
        at = stop.start() if stop else len(body)
        numbers = f" {self._cite(bearing)}" if bearing else ""
        return body[:at] + numbers + body[at:] + bare[len(body) :]

    def _cite(self, places: Sequence[int]) -> str:
        return "".join(f"[{self._numbers.setdefault(place, len(self._numbers) + 1)}]" for place in places)


def _words(text: str) -> str:
    # Signs within it count: -1 is not 1.
    return " ".join(text.casefold().split()).rstrip(".!?:;, ")


class _Lookup:
    """Gives vectors that are known, and nothing's for what is not: that is compared by its words."""

    def __init__(self, known: Mapping[str, Vectors]) -> None:
        self._known = known

    def __call__(self, texts: Sequence[str]) -> Vectors:
        nothing = np.zeros(DIMENSIONS, dtype=np.float32)
        return np.stack([self._known.get(text, nothing) for text in texts])
