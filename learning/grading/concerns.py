"""What makes a work one that a person should look at, whatever a model says of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING

from learning.grading.words import STOP_WORDS, stem, words
from learning.retrieval.sentences import sentences
from learning.safety.injection import examine

if TYPE_CHECKING:
    from learning.grading.features import Asked
    from learning.grading.reading import Reading

_COPIED = 0.8  # share of a sentence's words that a sentence of the task has
_FEWEST_STOP_WORDS = 0.15  # of all words; English prose has about four in ten
_MUCH_COPIED = 0.3
_LONGEST_ANSWER = 12  # sentences of a short answer; a longer one is read, and looked at by a person
_DOUBTED = 0.05


class Concern(StrEnum):
    EMPTY = "empty"
    NOT_PROSE = "not_prose"  # not English, or words strung together
    COPIES_THE_TASK = "copies_the_task"
    ORDERS_THE_GRADER = "orders_the_grader"  # it speaks to whoever or whatever grades
    DENIES = "denies"  # it denies as much as no reference does, or less, and looks right otherwise
    TOO_LONG = "too_long"  # not all of it was read
    WITHHELD = "withheld"  # what was to be said of it, the organisation's constitution does not let out


def concerns_of(text: str, said: Sequence[str], *, copied: int, most: int) -> tuple[Concern, ...]:
    """All there are. `said` are its sentences, `copied` how many of them are the task's, `most` how many are read."""
    found = words(text)
    if not found:
        return (Concern.EMPTY,)
    concerns = []
    if len(found) >= 12 and sum(word in STOP_WORDS for word in found) < _FEWEST_STOP_WORDS * len(found):
        concerns.append(Concern.NOT_PROSE)
    if copied > _MUCH_COPIED * len(said):
        concerns.append(Concern.COPIES_THE_TASK)
    if examine(text).flagged:
        concerns.append(Concern.ORDERS_THE_GRADER)
    if len(said) - copied > most:
        concerns.append(Concern.TOO_LONG)
    return tuple(concerns)


def concerns_of_answer(answer: str, read: Reading, asked: Asked, *, right: bool) -> tuple[Concern, ...]:
    """All there are of a short answer, whole and as it was read. `right` is whether it was taken for right."""
    said = list(sentences(answer))
    copied = sum(is_copied(one, [asked.question.content]) for one in said)
    concerns = concerns_of(answer, said, copied=copied, most=_LONGEST_ANSWER)
    if len(answer) > len(read.text) and Concern.TOO_LONG not in concerns:
        concerns = (*concerns, Concern.TOO_LONG)
    if right and read.negations not in {one.negations for one in asked.references}:
        concerns = (*concerns, Concern.DENIES)
    return concerns


def trust(confidence: float, concerns: Sequence[Concern]) -> float:
    """What is left of a model's confidence in what it says of a work."""
    return _DOUBTED if concerns else confidence


def contents(texts: Iterable[str]) -> list[frozenset[str]]:
    """The stems of each text that are no stop words."""
    return [frozenset(stem(word) for word in words(text) if word not in STOP_WORDS) for text in texts]


def is_copied(sentence: str, task: Sequence[frozenset[str]]) -> bool:
    """Whether a sentence is one of the task's, or nearly. `task` are the `contents` of its sentences."""
    [own] = contents([sentence])
    return bool(own) and any(len(own & one) >= _COPIED * len(own) for one in task)
