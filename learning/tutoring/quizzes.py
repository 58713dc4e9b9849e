"""Open quizzes: which of their questions a learner asks the tutor for, and what would give the answer away."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from learning.retrieval.chunking import PATH
from learning.tutoring.words import Read, Span, keys, read

# Other words for a prompt lie above it; so do 3 in 100 ordinary questions about the demo courses, which get hints.
LEAST_SIMILARITY = 0.6
# Below this a prompt is about something else.
_SAME_SUBJECT = 0.4
# From here on a quotation leaves the answer out: other words for a prompt that are no plain copy of its meaning. One in
# thirteen ordinary questions about the demo courses lies above it, and loses what gives an answer away.
_NEAR_A_PROMPT = 0.5
# So much of a prompt's words, in a question that was typed off it.
LEAST_COVERAGE = 0.8
_FEWEST_WORDS = 3
_SHORTEST_SUBJECT, _BEGINNING = 4, 5
BLANK = "\N{HORIZONTAL ELLIPSIS}"
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class QuizQuestion:
    """A question of a quiz. `keys` are the texts that give its answer away, `numeric`: any number may. `attempts`: how
    many the quiz allows; None where they have no limit. `accepted`: the least and the greatest number that are right,
    where one is asked for."""

    id: UUID
    unit_id: UUID
    unit_title: str
    prompt: str
    keys: tuple[str, ...]
    numeric: bool
    yes_or_no: bool
    attempts: int | None = None
    accepted: tuple[Decimal, Decimal] | None = None


def questions(content: Mapping[str, Any]) -> Iterator[QuizQuestion]:
    """Every quiz question of a course version's content, with its key."""
    for module in content["modules"]:
        for unit in module["units"]:
            quiz = unit.get("quiz") or {"questions": []}
            for question in quiz["questions"]:
                yield QuizQuestion(
                    id=UUID(question["id"]),
                    unit_id=UUID(unit["id"]),
                    unit_title=unit["title"],
                    prompt=question["prompt"],
                    keys=_keys(question),
                    numeric=question["kind"] == "numeric",
                    yes_or_no=question["kind"] == "true_false",
                    attempts=quiz.get("attempts_allowed"),
                    accepted=_accepted(question),
                )


def _keys(question: Mapping[str, Any]) -> tuple[str, ...]:
    kind = question["kind"]
    if kind == "numeric":
        return (f"{question['correct']:.16g}",)
    if kind == "short_text":
        return tuple(question["accepted"])
    if kind in ("single_choice", "multiple_choice"):
        correct = {question["correct"]} if kind == "single_choice" else set(question["correct"])
        return tuple(option["text"] for option in question["options"] if option["id"] in correct)
    return ()


def _accepted(question: Mapping[str, Any]) -> tuple[Decimal, Decimal] | None:
    """By their decimal digits, as answers are scored."""
    if question["kind"] != "numeric":
        return None
    correct, tolerance = Decimal(str(question["correct"])), Decimal(str(question.get("tolerance") or 0))
    return correct - tolerance, correct + tolerance


def asked_for(
    question: str,
    vector: NDArray[np.float32] | None,
    among: Sequence[QuizQuestion],
    vectors: NDArray[np.float32] | None,
) -> QuizQuestion | None:
    """The quiz question that a learner's question comes to, if any: typed off, or put in other words.

    `vectors` (n, d) are those of the prompts, of unit length, as is `vector` (d); without them words have to do.
    """
    for candidate in among:
        if typed_off(question, candidate.prompt):
            return candidate
    if vector is None or vectors is None or not among:
        return None
    likeness = vectors @ vector
    best = int(likeness.argmax())
    return among[best] if likeness[best] >= LEAST_SIMILARITY else None


def about_the_same(
    vector: NDArray[np.float32] | None, among: Sequence[QuizQuestion], vectors: NDArray[np.float32] | None
) -> tuple[QuizQuestion, ...]:
    """The quiz questions on the subject of a question, whose `vector` is one (d) or several (n, d); all of them where
    meaning cannot be compared."""
    return _as_like(_SAME_SUBJECT, vector, among, vectors)


def near_a_prompt(
    vector: NDArray[np.float32] | None, among: Sequence[QuizQuestion], vectors: NDArray[np.float32] | None
) -> tuple[QuizQuestion, ...]:
    """Those of which a quotation leaves the answer out; the nearest first where meaning can be compared, else all."""
    return _as_like(_NEAR_A_PROMPT, vector, among, vectors)


def _as_like(
    least: float,
    vector: NDArray[np.float32] | None,
    among: Sequence[QuizQuestion],
    vectors: NDArray[np.float32] | None,
) -> tuple[QuizQuestion, ...]:
    if vector is None or vectors is None or not among:
        return tuple(among)
    likeness = (vectors @ np.atleast_2d(vector).T).max(axis=1)
    return tuple(among[place] for place in np.argsort(-likeness, kind="stable") if likeness[place] >= least)


def without_keys(
    text: str, vector: NDArray[np.float32] | None, among: Sequence[QuizQuestion], vectors: NDArray[np.float32] | None
) -> str | None:
    """A quotation without what gives away the answer to a quiz question that is near what was asked; None where nothing
    of it can be shown. `vector` is one (d) or several (n, d); without vectors every question is near."""
    comparable = vector is not None and vectors is not None
    for question in near_a_prompt(vector, among, vectors):
        if answers(text, question, certainly_near=comparable):
            found = masked(text, question)
            if found is None:
                return None
            text = found
    return text


def heading_without_keys(heading: str, among: Iterable[QuizQuestion]) -> str | None:
    """The longest beginning of a heading's path that gives none of some quiz questions away; None where its first part
    does. Parts of courses are numbered, so a number answers what asks for one only where it is right."""
    parts = heading.split(PATH)
    for question in among:
        while parts and has_key(PATH.join(parts), question):
            parts.pop()
    return PATH.join(parts) or None


def answers(text: str, question: QuizQuestion, *, certainly_near: bool) -> bool:
    """Whether a quotation gives an answer away. Any on its subject does where that is yes or no; where nobody can tell
    what was asked about, words tell the subject, or nothing of anything could be shown."""
    if question.yes_or_no:
        return certainly_near or _shares_a_subject(text, question.prompt)
    return gives_away(text, question)


def _shares_a_subject(text: str, prompt: str) -> bool:
    """Whether two texts have a word in common that could be what they are about, by its beginning."""
    one, other = (
        {word[:_BEGINNING] for word in _words(each) if len(word) >= _SHORTEST_SUBJECT} for each in (text, prompt)
    )
    return not one.isdisjoint(other)


def typed_off(question: str, prompt: str) -> bool:
    """Whether a question has nearly all words of a prompt that has some."""
    wanted = set(_words(prompt))
    if len(wanted) < _FEWEST_WORDS:
        return " ".join(_words(question)) == " ".join(_words(prompt))
    return len(wanted & set(_words(question))) >= LEAST_COVERAGE * len(wanted)


def _words(text: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(text)]


def masked(sentence: str, question: QuizQuestion) -> str | None:
    """The sentence without what gives the answer away; None where nothing of it can be shown.

    A question that is answered with yes or no can be answered by any sentence on its subject, so none is shown.
    """
    if question.yes_or_no:
        return None
    found = read(sentence)
    places = [place for key in keys(question.keys) for place in found.places(key)] + _right_numbers(found, question)
    shown = _blanked(sentence, [*places, *found.numbers] if question.numeric else places)
    return None if gives_away(shown, question) or not re.search(r"\w", shown.replace(BLANK, "")) else shown


def _blanked(text: str, places: Iterable[Span]) -> str:
    parts, at = [], 0
    for start, end in sorted(places):
        if start >= at:
            parts += [text[at:start], BLANK]
        at = max(at, end)
    return "".join((*parts, text[at:]))


def gives_away(text: str, question: QuizQuestion) -> bool:
    """Whether a text has a key in it, or for a question for a number any number."""
    return has_key(text, question) or (question.numeric and bool(read(text).numbers))


def has_key(text: str, question: QuizQuestion) -> bool:
    """Whether a text holds a key, nearly all of the words that make a long one, or a number that is near enough to be
    right."""
    found = read(text)
    return bool(_right_numbers(found, question)) or any(
        key.line in reading.line
        or (
            len(key.stems) >= 2 * _FEWEST_WORDS
            and len(key.distinct & reading.stems) >= LEAST_COVERAGE * len(key.distinct)
        )
        for reading in found.readings
        for key in keys(question.keys)
    )


def _right_numbers(found: Read, question: QuizQuestion) -> list[Span]:
    return found.between(*question.accepted) if question.accepted else []
