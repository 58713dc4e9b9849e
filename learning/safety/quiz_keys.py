"""Whether a text gives away what a quiz asks for: the right options of its questions, or the expected answers."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_WORD = re.compile(r"[^\W_]+")
_STOP = frozenset({
    "and", "are", "been", "can", "could", "did", "does", "for", "from", "had", "has", "have", "how", "into", "its",
    "not", "some",
    "that", "the", "their", "them", "then", "there", "these", "they", "this", "was", "were", "what", "when", "where",
    "which", "who",
    "why", "will", "with", "would", "you", "your",
})  # fmt: skip
_VERDICT = re.compile(
    r"\b(?:correct|right|true|answer|solution|key|option|choose|select|pick|tick|richtig\w*|antwort|lösung|correcta?|réponse|risposta)\b",
    re.IGNORECASE,
)
THRESHOLD = 0.6
"""From this score on a leak is reported."""

_NEAR = 220
"""How far from the question's words, in characters, its answer may stand to count as given away."""


@dataclass(frozen=True)
class QuizKey:
    """A question and what is right. `label`: the option's letter or number, where it has one."""

    question_id: str
    question: str
    answer: str
    label: str | None = None


@dataclass(frozen=True)
class Leak:
    """`text[start:end]` gives away the answer to a question; `score` is from 0 to 1."""

    start: int
    end: int
    question_id: str
    score: float


def leaks(text: str, keys: Sequence[QuizKey]) -> tuple[Leak, ...]:
    """What a text gives away, at most one leak for a question, in order.

    The answer alone is no leak, since course text is bound to have it: most of the question's words stand beside it, or
    some, and a word such as "answer" or "correct".
    """
    found = [leak for key in keys if (leak := _leak(text, key)) is not None]
    return tuple(sorted(found, key=lambda leak: (leak.start, leak.question_id)))


def _leak(text: str, key: QuizKey) -> Leak | None:
    best: Leak | None = None
    asked = _content(key.question)
    for start, end in _occurrences(text, key):
        around = text[max(0, start - _NEAR) : start] + " " + text[end : end + _NEAR // 4]
        share = len(asked & _content(around)) / len(asked) if asked else 0.0
        named = _VERDICT.search(text, max(0, start - 60), end) is not None
        score = round(min(1.0, 0.75 * share + (0.35 if named else 0.0)), 4)
        if score >= THRESHOLD and (best is None or score > best.score):
            best = Leak(start, end, key.question_id, score)
    return best


def _occurrences(text: str, key: QuizKey) -> Iterator[tuple[int, int]]:
    words = [re.escape(word) for word in _WORD.findall(key.answer)]
    if words:
        pattern = re.compile(r"(?<!\w)" + r"[\W_]{1,5}".join(words) + r"(?!\w)", re.IGNORECASE)
        yield from ((match.start(), match.end()) for match in pattern.finditer(text))
    if key.label:
        label = re.compile(
            r"\b(?:answer|option|solution|key|correct|choice)\b[^.\n]{0,20}?"
            rf"(?<!\w)\(?{re.escape(key.label)}\)?(?!\w)",
            re.IGNORECASE,
        )
        yield from ((match.start(), match.end()) for match in label.finditer(text))


def _content(text: str) -> frozenset[str]:
    folded = unicodedata.normalize("NFKC", text).casefold()
    return frozenset(word for word in _WORD.findall(folded) if word not in _STOP and (len(word) > 2 or word.isdigit()))
