"""What an existing unit could do better: where it is hard to read, what it leaves unexplained, what it repeats."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from learning.content.checks import LEVELS
from learning.content.material import Source, occurrence, stems, terms
from learning.grading.readability import LONG_SENTENCE, readability, syllables
from learning.grading.words import words
from learning.retrieval.blocks import CODE

_CUTS = re.compile(r";\s+|,\s+(?=(?:and|but|so|because|although|while|whereas|which)\b)")
_EXPLAINS = re.compile(r"\b(?:is|are|means?|called|refers to|that is|i\.e\.)\b", re.IGNORECASE)
_LONG_TEXT = 400  # words without a heading
_MOST = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Improvement:
    """`quote` are words of the unit as they stand; `proposal` what could stand there, where that is known."""

    kind: str  # long_sentence, hard_level, unexplained_term, no_headings, repeats, no_practice
    quote: str
    advice: str
    proposal: str | None = None


def improvements(unit: Source, others: Sequence[Source], difficulty: str, *, has_quiz: bool) -> list[Improvement]:
    """The weightiest first, at most twenty."""
    said = [piece.text for section in unit.sections for piece in section.pieces]
    prose = [text for text in said if not text.startswith(CODE) and text.rstrip("\"')").endswith((".", "!", "?"))]
    found = [*_level(prose, difficulty), *_unexplained(unit, prose, others), *_long(prose), *_built(unit, prose)]
    found += _repeats(prose, others)
    if prose and not has_quiz:
        found.append(
            Improvement(
                kind="no_practice", quote=unit.title,
                advice="No quiz of its module follows; one can be proposed, and recalling helps to remember.",
            )
        )  # fmt: skip
    return found[:_MOST]


def _level(prose: Sequence[str], difficulty: str) -> list[Improvement]:
    figures, most = readability("\n\n".join(prose)), LEVELS.get(difficulty, 15.0)
    if figures.grade <= most:
        return []
    hardest = max(prose, key=lambda text: readability(text).grade)
    heavy = sorted(
        {word for text in prose for word in words(text) if syllables(word) >= 4}, key=syllables, reverse=True
    )
    advice = f"It reads like {figures.grade:.0f} years of school; {difficulty} courses go up to {most:.0f}."
    if heavy:
        advice += f" Long words: {', '.join(heavy[:8])}."
    return [Improvement(kind="hard_level", quote=hardest, advice=advice)]


def _long(prose: Sequence[str]) -> list[Improvement]:
    return [
        Improvement(
            kind="long_sentence",
            quote=text,
            advice=f"{len(text.split())} words in one sentence.",
            proposal=_split(text),
        )
        for text in sorted(prose, key=lambda one: -len(one.split()))
        if len(text.split()) > LONG_SENTENCE
    ]


def _split(sentence: str) -> str | None:
    """The sentence as two, cut nearest to its middle where a clause ends. Its words stay as they are."""
    cuts = list(_CUTS.finditer(sentence))
    if not cuts:
        return None
    cut = min(cuts, key=lambda one: abs(one.start() - len(sentence) / 2))
    rest = sentence[cut.end() :]
    if rest.startswith("which") or len(rest.split()) < 5 or len(sentence[: cut.start()].split()) < 5:
        return None
    return f"{sentence[: cut.start()]}. {rest[0].upper()}{rest[1:]}"


def _unexplained(unit: Source, prose: Sequence[str], others: Sequence[Source]) -> list[Improvement]:
    found = []
    elsewhere = terms(list(others)) if others else {}
    for term in list(terms([unit], most=40)):
        where = [text for text in prose if occurrence(term, text)]
        explained = any(_EXPLAINS.search(text) for text in where)
        if " " in term and where and not explained and term not in elsewhere:
            found.append(
                Improvement(kind="unexplained_term", quote=where[0], advice=f"Nothing here says what {term} is.")
            )
    return found[:5]


def _built(unit: Source, prose: Sequence[str]) -> list[Improvement]:
    headings = sum(bool(section.headings) for section in unit.sections)
    count = sum(len(text.split()) for text in prose)
    if count < _LONG_TEXT or headings >= count // _LONG_TEXT:
        return []
    return [Improvement(kind="no_headings", quote=prose[0], advice=f"{count} words under {headings} headings.")]


def _repeats(prose: Sequence[str], others: Sequence[Source]) -> list[Improvement]:
    there = {
        frozenset(stems(piece.text)): one.title
        for one in others
        for section in one.sections
        for piece in section.pieces
        if len(piece.text.split()) >= 8
    }
    return [
        Improvement(kind="repeats", quote=text, advice=f"The same is said in {there[own]}.")
        for text in prose
        if len(text.split()) >= 8 and (own := stems(text)) in there
    ]
