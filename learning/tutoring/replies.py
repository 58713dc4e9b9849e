"""Replies in the tutor's own words: hints, answers that quote the material, and plain refusals to guess."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from learning.tutoring.quizzes import QuizQuestion, masked

Kind = Literal["answer", "hint", "declined"]
_MOST_EXCERPTS = 2
_FEWEST_WORDS = 4
_POINTS_BACK = re.compile(r"\b(it|its|this|that|these|those|they|them|he|she|there|why|how so|example|more)\b", re.I)
_WORD = re.compile(r"\w+")

DECLINED = (
    "The material of this course that you can read does not cover that, so I would only be guessing. Ask about"
    " something the course teaches, or ask your instructor."
)

NOT_ALL = "Part of what you ask is not answered in the material that you can read."

WITHHELD = "Your organisation does not let me say what I was going to say. Ask your instructor."


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A place in the material: a unit, and the way to a section in it."""

    unit_id: UUID
    passage_id: int
    heading: str


@dataclass(frozen=True, slots=True)
class Quotation:
    """A sentence of the material and its source."""

    text: str
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What is said. `sources` are numbered from one in the text, in this order."""

    kind: Kind
    text: str
    sources: tuple[Source, ...] = ()


def standalone(question: str, before: Sequence[str]) -> str:
    """What to look for: a question, together with what it follows up. `before`: what was asked last, in order."""
    return "\n".join((*followed_up(question, before), question))


def followed_up(question: str, before: Sequence[str]) -> tuple[str, ...]:
    """What a question that makes no sense by itself goes on from: the last one that did, and all since, of which any
    may make sense though it does not look so. Nothing, where it makes sense by itself."""
    if not _follows_up(question):
        return ()
    whole = max((place for place, one in enumerate(before) if not _follows_up(one)), default=0)
    return tuple(before[whole:])


def _follows_up(question: str) -> bool:
    words = _WORD.findall(question)
    return len(words) < _FEWEST_WORDS or (len(words) < 3 * _FEWEST_WORDS and bool(_POINTS_BACK.search(question)))


def declined() -> Reply:
    """Nothing of the material is near enough, or answers."""
    return Reply(kind="declined", text=DECLINED)


def answer(quotations: Sequence[Quotation]) -> Reply:
    """Sentences of the material, each with the number of its source."""
    sources = _distinct([quotation.source for quotation in quotations])
    places = {_place(source): number for number, source in enumerate(sources, start=1)}
    lines = [f"{quotation.text} [{places[_place(quotation.source)]}]" for quotation in quotations]
    listing = "\n".join(f"[{number}] {source.heading}" for number, source in enumerate(sources, start=1))
    return Reply(
        kind="answer", text="From your course:\n\n" + "\n".join(f"- {line}" for line in lines) + f"\n\n{listing}",
        sources=sources,
    )  # fmt: skip


def in_other_words(text: str, sources: Sequence[Source]) -> Reply:
    """What a language model made of the material. `sources`: what it cites, numbered from one in this order."""
    listing = "\n".join(f"[{number}] {source.heading}" for number, source in enumerate(sources, start=1))
    return Reply(kind="answer", text=f"{text.strip()}\n\n{listing}", sources=tuple(sources))


def withheld() -> Reply:
    """What was going to be said may not be."""
    return Reply(kind="declined", text=WITHHELD)


def hint(question: QuizQuestion, asked_before: int, quotations: Sequence[Quotation]) -> Reply:
    """Help with a question of a quiz that is still open: where to read first, then what is said there with gaps.

    `asked_before` counts hints on the same question in this conversation. The answer itself is never in it,
    provided that the unit's title and the headings of the sources are without it (`quizzes.heading_without_keys`).
    """
    sources = _distinct([quotation.source for quotation in quotations])
    lines = [f"That is asked in \N{LEFT DOUBLE QUOTATION MARK}{question.unit_title}\N{RIGHT DOUBLE QUOTATION MARK}, "
             "which is still open for you, so here is help to find it yourself."]  # fmt: skip
    if headings := dict.fromkeys(source.heading for source in sources):
        lines += ["", "Read again:", *(f"- {heading}" for heading in headings)]
    if asked_before and (excerpts := _excerpts(question, quotations)):
        lines += ["", "What is missing here?", *(f"- {excerpt}" for excerpt in excerpts)]
    elif asked_before:
        lines += ["", "Close the text, say in a sentence of your own what it claims and why, then compare."]
    else:
        lines += ["", "Then ask me again if you are stuck, and I will point closer."]
    if asked_before > 1:
        lines += ["", "Try the quiz: a wrong answer that you then look up is remembered better than one you were told."]
    return Reply(kind="hint", text="\n".join(lines), sources=sources)


def _excerpts(question: QuizQuestion, quotations: Sequence[Quotation]) -> list[str]:
    shown = [masked(quotation.text, question) for quotation in quotations]
    return [excerpt for excerpt in shown if excerpt is not None][:_MOST_EXCERPTS]


def _distinct(sources: Sequence[Source]) -> tuple[Source, ...]:
    """The first of each place."""
    first = dict[tuple[UUID, str], Source]()
    for source in sources:
        first.setdefault(_place(source), source)
    return tuple(first.values())


def _place(source: Source) -> tuple[UUID, str]:
    """Those of two units may have one heading, as where it is cut back to their module."""
    return source.unit_id, source.heading
