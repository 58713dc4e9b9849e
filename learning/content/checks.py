"""What a draft is checked for before anybody sees it: grounding, level, duplication, answerability."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from learning.content.material import Source
from learning.content.questions import Item
from learning.content.repeats import Repeats
from learning.grading.readability import readability
from learning.grading.rubrics import Rubric

# Years of school (Kincaid and others, 1975) up to which a text suits a course of this difficulty.
LEVELS = {"beginner": 12.0, "intermediate": 15.0, "advanced": 18.0}
_SAME, _WHOLE = 0.8, 0.95  # share of stems: questions that ask the same, a text that another holds


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One check's outcome; `where` names the part of the draft."""

    check: str  # grounding, level, duplication, answerability
    passed: bool
    where: str
    note: str


def check_items(items: Sequence[Item], sources: Sequence[Source], before: Repeats, first: int = 1) -> list[Finding]:
    """Grounded in a sentence of the source, not asked before, answerable by it and by one option only. Numbered from
    `first` on."""
    plain = {source.key: squeezed(source.markdown) for source in sources}
    findings = []
    for number, item in enumerate(items, start=first):
        where = f"question {number}"
        said = squeezed(item.statement) in plain[item.source]
        right = item.options[item.correct]
        others = [option for at, option in enumerate(item.options) if at != item.correct]
        alone = not any(re.search(rf"(?<!\w){re.escape(one)}(?!\w)", item.statement, re.IGNORECASE) for one in others)
        gap = right.lower() in item.statement.lower() and right.lower() not in gapped(item.prompt).lower()
        same = before.like(gapped(item.prompt))
        findings += [
            Finding(check="grounding", passed=said, where=where, note=f"made of a sentence of {item.heading}"),
            Finding(
                check="answerability", passed=alone and gap, where=where,
                note="the sentence holds the right option and none of the others",
            ),
            Finding(
                check="duplication", passed=same is None, where=where,
                note="not asked before" if same is None else f"like a question that is there: {same[:120]}",
            ),
        ]  # fmt: skip
    return findings


def check_text(text: str, where: str, difficulty: str, others: Repeats) -> list[Finding]:
    """Level and duplication of a text. `others` are `texts_of` the course."""
    same = others.like(text)
    return [
        level_of(text, where, difficulty),
        Finding(
            check="duplication", passed=same is None, where=where,
            note="not said elsewhere in the course" if same is None else f"says what is said in {same}",
        ),
    ]  # fmt: skip


def check_rubric(rubric: Rubric, difficulty: str, before: Repeats) -> list[Finding]:
    """Level of the criteria, and whether one looks for the same as another, or as one of `before`, to which they are
    added."""
    said = [wording_of(one.title, one.looks_for) for one in rubric.criteria]
    same = None
    for one in said:
        same = same or before.like(one)
        before.add(one)
    return [
        level_of("\n\n".join(said), "criteria", difficulty),
        Finding(
            check="duplication", passed=same is None, where="criteria",
            note="each looks for something else" if same is None else f"looks for the same as another: {same[:120]}",
        ),
    ]  # fmt: skip


def wording_of(title: str, looks_for: Iterable[str]) -> str:
    """All that a criterion says."""
    return " ".join([title, *looks_for])


def criteria_before(criteria: Iterable[str]) -> Repeats:
    """Criteria that are there already, as `wording_of` has them."""
    return Repeats(criteria, share=_SAME)


def level_of_questions(items: Iterable[Item], difficulty: str, where: str = "questions") -> Finding:
    """How hard questions are to read, together."""
    return level_of("\n\n".join(gapped(one.prompt) for one in items), where, difficulty)


def level_of(text: str, where: str, difficulty: str) -> Finding:
    """How hard a text is to read."""
    grade, most = readability(text).grade, LEVELS.get(difficulty, 15.0)
    return Finding(
        check="level", passed=grade <= most, where=where,
        note=f"reads like {grade:.0f} years of school; {difficulty} courses go up to {most:.0f}",
    )  # fmt: skip


def texts_of(sources: Iterable[Source]) -> Repeats:
    """Texts that are there already, by their titles."""
    found = Repeats(share=_WHOLE, of="own")
    for source in sources:
        found.add(source.markdown, source.title)
    return found


def asked_before(prompts: Iterable[str]) -> Repeats:
    """Questions that are there already."""
    return Repeats(map(gapped, prompts), share=_SAME)


def gapped(prompt: str) -> str:
    """What a question says; what those with a gap have in common is left out."""
    return prompt.split("> ", 1)[-1]


def squeezed(text: str) -> str:
    """Letters and digits alone: marks of Markdown do not count."""
    return re.sub(r"[\W_]+", "", text).lower()
