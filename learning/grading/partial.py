"""From a label to a share of the points, and back."""

from __future__ import annotations

from collections.abc import Sequence
from math import fsum

from learning.grading.answers import Label
from learning.grading.reading import Reading

_RIGHT, _WRONG = 0.75, 0.25
MOST_PARTIAL = 0.5  # an answer that is not right earns no more


def share_of(label: Label, answer: Reading, references: Sequence[Reading]) -> float:
    """All for a right answer, nothing for one that says the opposite, else by how much of a reference's words it has,
    in quarters, up to a half."""
    if label is not Label.INCORRECT:
        return float(label is Label.CORRECT)
    return min(round(4 * MOST_PARTIAL * max(_covered(one, answer) for one in references)) / 4, MOST_PARTIAL)


def label_of(share: float, suggested: Label) -> Label:
    """What a person's share of the points says of an answer. Points alone do not tell wrong from contradictory: that
    stays as it was suggested."""
    if share >= _RIGHT:
        return Label.CORRECT
    return Label.CONTRADICTORY if share < _WRONG and suggested is Label.CONTRADICTORY else Label.INCORRECT


def _covered(reference: Reading, answer: Reading) -> float:
    total = fsum(reference.stem_weights[one] for one in reference.content)
    shared = fsum(reference.stem_weights[one] for one in reference.content & answer.stem_set)
    return shared / total if total else 0.0
