"""What a language model has drafted, as far as it holds: grounded in the material, answerable by it, new, readable.

Each function keeps what passes and leaves the rest out. What is left is a draft of the same form as those made of the
course's own words, so that nothing behind it knows the difference.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from decimal import Decimal

import numpy as np

from learning.content.checks import Finding, check_text, squeezed
from learning.content.improving import Improvement
from learning.content.material import Source
from learning.content.outlines import DraftUnit
from learning.content.questions import Item
from learning.content.repeats import Repeats
from learning.content.requests import AskedQuestion, Criteria, Parts, Questions, Rewordings, Text
from learning.grading.readability import readability
from learning.grading.rubrics import Criterion, Rubric, aspect_of
from learning.grading.words import STOP_WORDS, stem, words
from learning.safety.grounding import Embed, Grounding, Vectors

_SHOWN = 0.6  # of what the right option says, by the words of the quotation
_OWN_WORDS = 0.5  # of a title, by the words of what it stands above
_FEWEST_QUOTED = 4  # words
_EVERY = ("all of the above", "none of the above", "both of the above")


def kept_questions(answer: Questions, sources: Sequence[Source], before: Repeats, count: int) -> tuple[list[Item], int]:
    """At most `count` that hold, and how many do not. They are added to what was asked before."""
    said = {source.key: squeezed(source.markdown) for source in sources}
    titles = {source.key: source.title for source in sources}
    kept, dropped = list[Item](), 0
    for one in answer.questions:
        key = next((key for key, text in said.items() if squeezed(one.quote) in text), None)
        if key is None or not _answerable(one) or before.like(one.prompt) is not None:
            dropped += 1
            continue
        before.add(one.prompt)
        kept.append(_item(one, key, titles[key]))
    return kept[:count], dropped


def check_worded(items: Sequence[Item], sources: Sequence[Source], before: Repeats) -> list[Finding]:
    """What can be said of questions in other words than those of the texts."""
    said = squeezed(" ".join(source.markdown for source in sources))
    findings = []
    for number, item in enumerate(items, start=1):
        where = f"question {number}"
        asked = AskedQuestion(
            prompt=item.prompt, options=list(item.options), correct=item.correct, quote=item.statement
        )
        repeated = before.like(item.prompt) is not None
        before.add(item.prompt)
        findings += [
            Finding(
                check="grounding", passed=squeezed(item.statement) in said, where=where,
                note=f"a sentence of {item.heading} makes the option right",
            ),
            Finding(
                check="answerability", passed=_answerable(asked), where=where,
                note="that sentence says what the right option says, and none of the others as much",
            ),
            Finding(
                check="duplication", passed=not repeated, where=where,
                note="like a question that is there" if repeated else "not asked before",
            ),
        ]  # fmt: skip
    return findings


def _answerable(one: AskedQuestion) -> bool:
    """One option that the quotation bears out, none of the others as much; not in the question itself."""
    options = [squeezed(option) for option in one.options]
    if one.correct >= len(options) or len(set(options)) < len(options) or not all(options):
        return False
    if any(option.lower().rstrip(".") in _EVERY for option in one.options) or len(one.quote.split()) < _FEWEST_QUOTED:
        return False
    said, asked = _said(one.quote), _said(one.prompt)
    shares = [_share(_said(option) - asked, said) for option in one.options]
    right = shares.pop(one.correct)
    given_away = options[one.correct] in squeezed(one.prompt)
    return right >= _SHOWN and right > max(shares) and not given_away


def _item(one: AskedQuestion, key: str, title: str) -> Item:
    options = list(one.options)
    random.Random(f"0:{one.quote}").shuffle(options)  # models like to put the right one first
    return Item(
        prompt=one.prompt,
        options=tuple(options),
        correct=options.index(one.options[one.correct]),
        explanation=f"In \N{LEFT DOUBLE QUOTATION MARK}{title}\N{RIGHT DOUBLE QUOTATION MARK}: {one.quote}",
        source=key,
        heading=title,
        statement=one.quote,
    )


def check_unit(
    answer: Text, sources: Sequence[Source], others: Repeats, difficulty: str, embed: Embed | None
) -> list[Finding]:
    """Whether every statement of a text is borne out, and whether it reads as it should."""
    report = Grounding(embed).check(answer.body, [source.markdown for source in sources])
    grounded = bool(report.statements) and not report.unsupported
    note = f"{len(report.statements) - len(report.unsupported)} of {len(report.statements)} statements are borne out"
    return [
        Finding(check="grounding", passed=grounded, where="unit", note=note),
        *check_text(answer.body, "unit", difficulty, others),
    ]


def rubric_of(answer: Criteria, instructions: str, maximum: Decimal) -> Rubric | None:
    """The criteria as a rubric; None where their points do not add up, or they speak of something else."""
    said = _said(instructions)
    total = sum(Decimal(str(one.points)) for one in answer.criteria)
    grounded = all(_share(_said(" ".join([one.title, *one.looks_for])), said) >= _OWN_WORDS for one in answer.criteria)
    if total != maximum or not grounded:
        return None
    return Rubric(
        task=instructions,
        criteria=tuple(
            Criterion(
                title=one.title, points=one.points, aspect=aspect_of(one.title), looks_for=tuple(one.looks_for)
            )
            for one in answer.criteria
        ),
    )  # fmt: skip


def kept_rewordings(answer: Rewordings, unit: Source, embed: Embed | None) -> list[Improvement]:
    """Those that quote the text, say nothing that it does not, and are easier to read than what they replace."""
    said, grounding = squeezed(unit.markdown), Grounding(None if embed is None else _once(embed))
    found: list[Improvement] = []
    for one in answer.improvements:
        quoted = len(one.quote.split()) >= _FEWEST_QUOTED and squeezed(one.quote) in said
        if not quoted or squeezed(one.proposal) == squeezed(one.quote) or any(x.quote == one.quote for x in found):
            continue
        easier = readability(one.proposal).grade < readability(one.quote).grade
        report = grounding.check(one.proposal, [one.quote, unit.markdown])
        if easier and not report.unsupported:
            found.append(Improvement(kind="rewording", quote=one.quote, advice=one.advice, proposal=one.proposal))
    return found


def _once(embed: Embed) -> Embed:
    """Embeds each sentence once, though every rewording is held against the whole text."""
    known: dict[str, Vectors] = {}

    def embedded(texts: Sequence[str]) -> Vectors:
        if new := [text for text in dict.fromkeys(texts) if text not in known]:
            known.update(zip(new, embed(new), strict=True))
        return np.stack([known[text] for text in texts])

    return embedded


def arranged(answer: Parts, paragraphs: Sequence[str]) -> list[tuple[str, list[DraftUnit]]] | None:
    """Modules with their units, whose bodies are the paragraphs as they stand; None where one is missing, comes twice
    or out of order, or where a title speaks of something else."""
    found, next_one = [], 1
    for module in answer.modules:
        units = []
        for unit in module.units:
            if unit.first != next_one or not unit.first <= unit.last <= len(paragraphs):
                return None
            body = "\n\n".join(paragraphs[unit.first - 1 : unit.last])
            if _share(_said(unit.title), _said(body)) < _OWN_WORDS:
                return None
            units.append(DraftUnit(unit.title, body, ()))
            next_one = unit.last + 1
        if _share(_said(module.title), _said(" ".join(unit.body for unit in units))) < _OWN_WORDS:
            return None
        found.append((module.title, units))
    return found if next_one == len(paragraphs) + 1 else None


def _said(text: str) -> frozenset[str]:
    return frozenset(stem(word) for word in words(text) if word not in STOP_WORDS)


def _share(part: frozenset[str], whole: frozenset[str]) -> float:
    return len(part & whole) / len(part) if part else 0.0
