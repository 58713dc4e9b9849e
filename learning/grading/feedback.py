"""Feedback in words. It quotes the answer as it stands and gives no reference away."""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import fsum

from learning.grading.answers import Label
from learning.grading.reading import Reading
from learning.grading.words import NEGATIONS, OPPOSITES, stem, words

_BETWEEN = re.compile(r"(?<=[.!?;])\s+|,\s+|\s+(?=(?:because|but|so that|since|which|and then)\b)")
_LONGEST_QUOTE = 160
_MUCH = 0.6


def feedback(label: Label, answer: Reading, references: Sequence[Reading]) -> str:
    """One to three sentences to the learner."""
    clauses = [clause for part in _BETWEEN.split(answer.text) if (clause := part.strip())]
    if not clauses or not answer.words:
        return "There is no answer to grade here."
    reference = max(references, key=lambda one: _covered(one, answer))
    match label:
        case Label.CORRECT:
            clause = max(clauses, key=lambda one: _founded(one, reference))
            return f"You wrote {quoted(clause)}: that is what was asked for."
        case Label.CONTRADICTORY:
            clause = max(clauses, key=lambda one: _against(one, reference))
            return f"You wrote {quoted(clause)}. That says the opposite of what holds. Think it through once more."
        case Label.INCORRECT:
            return _incomplete(clauses, answer, reference)


def missing(answer: Reading, references: Sequence[Reading]) -> tuple[str, ...]:
    """Words of the nearest reference that the answer has nothing of, weightiest first; for whoever grades."""
    reference = max(references, key=lambda one: _covered(one, answer))
    lacking = {
        one: word
        for word, one in zip(reference.words, reference.stems, strict=True)
        if one in reference.content - answer.stem_set
    }
    return tuple(sorted(lacking.values(), key=lambda word: -reference.stem_weights[stem(word)]))


def _incomplete(clauses: Sequence[str], answer: Reading, reference: Reading) -> str:
    covered = _covered(reference, answer)
    if covered >= _MUCH:
        return f"You wrote {quoted(max(clauses, key=len))}. That is close, but it does not say all that was asked for."
    if covered > 0:
        clause = max(clauses, key=lambda one: _founded(one, reference))
        return f"You wrote {quoted(clause)}. Part of that belongs to the answer; an important part is missing."
    return f"You wrote {quoted(clauses[0])}. That does not answer the question yet. Read it again and say why or how."


def quoted(clause: str) -> str:
    """Words of an answer in quotation marks, cut where they are many."""
    shown = clause if len(clause) <= _LONGEST_QUOTE else clause[: _LONGEST_QUOTE - 1].rstrip() + "…"
    return f"“{shown.rstrip('.')}”"


def _covered(reference: Reading, answer: Reading) -> float:
    weights = reference.stem_weights
    total = fsum(weights[one] for one in reference.content)
    return fsum(weights[one] for one in reference.content & answer.stem_set) / total if total else 0.0


def _founded(clause: str, reference: Reading) -> float:
    return fsum(reference.stem_weights.get(stem(word), 0.0) for word in set(words(clause)))


def _against(clause: str, reference: Reading) -> float:
    found = words(clause)
    opposites = sum(1 for word in found if not reference.stem_set.isdisjoint(OPPOSITES.get(stem(word), ())))
    return 10.0 * opposites + 5.0 * any(word in NEGATIONS for word in found) + _founded(clause, reference)
