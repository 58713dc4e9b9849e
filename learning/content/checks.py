"""What a draft is checked for before anybody sees it: grounding, level, duplication, answerability."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from learning.content.material import Source, stems
from learning.content.questions import Item
from learning.grading.readability import readability

# Years of school (Kincaid and others, 1975) up to which a text suits a course of this difficulty.
LEVELS = {"beginner": 12.0, "intermediate": 15.0, "advanced": 18.0}
_SAME = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One check's outcome; `where` names the part of the draft."""

    check: str  # grounding, level, duplication, answerability
    passed: bool
    where: str
    note: str


def check_items(items: Sequence[Item], sources: Sequence[Source], asked_before: Sequence[str]) -> list[Finding]:
    """Grounded in a sentence of the source, not asked before, answerable by it and by one option only."""
    plain = {source.key: squeezed(source.markdown) for source in sources}
    findings = []
    for number, item in enumerate(items, start=1):
        where = f"question {number}"
        said = squeezed(item.statement) in plain[item.source]
        right = item.options[item.correct]
        others = [option for at, option in enumerate(item.options) if at != item.correct]
        alone = not any(re.search(rf"(?<!\w){re.escape(one)}(?!\w)", item.statement, re.IGNORECASE) for one in others)
        gap = right.lower() in item.statement.lower() and right.lower() not in _gapped(item).lower()
        before = [text for text in asked_before if _alike(text.split("> ", 1)[-1], _gapped(item))]
        findings += [
            Finding(check="grounding", passed=said, where=where, note=f"made of a sentence of {item.heading}"),
            Finding(
                check="answerability", passed=alone and gap, where=where,
                note="the sentence holds the right option and none of the others",
            ),
            Finding(
                check="duplication", passed=not before, where=where,
                note=f"like a question that is there: {before[0][:120]}" if before else "not asked before",
            ),
        ]  # fmt: skip
    return findings


def check_text(text: str, where: str, difficulty: str, others: Sequence[Source]) -> list[Finding]:
    """Level and duplication of a text."""
    grade, most = readability(text).grade, LEVELS.get(difficulty, 15.0)
    own = stems(text)
    same = [one.title for one in others if own and len(own & stems(one.markdown)) >= 0.95 * len(own)]
    return [
        Finding(
            check="level", passed=grade <= most, where=where,
            note=f"reads like {grade:.0f} years of school; {difficulty} courses go up to {most:.0f}",
        ),
        Finding(
            check="duplication", passed=not same, where=where,
            note=f"says what is said in {same[0]}" if same else "not said elsewhere in the course",
        ),
    ]  # fmt: skip


def _gapped(item: Item) -> str:
    return item.prompt.split("> ", 1)[-1]


def _alike(one: str, other: str) -> bool:
    own, others = stems(one), stems(other)
    return bool(own and others) and len(own & others) >= _SAME * max(len(own), len(others))


def squeezed(text: str) -> str:
    """Letters and digits alone: marks of Markdown do not count."""
    return re.sub(r"[\W_]+", "", text).lower()
