"""Drafts in the form in which courses are written over the API, and checked as a whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from unicodedata import category

from learning.content.checks import Finding, asked_before, check_items, check_text, gapped, level_of_questions, texts_of
from learning.content.material import Source
from learning.content.outlines import DraftModule
from learning.content.questions import Item
from learning.content.worded import check_worded

PASS_MARK_PERCENT = 60


def quiz_of(items: Sequence[Item]) -> dict[str, Any]:
    """A quiz with its key."""
    return {
        "pass_mark_percent": PASS_MARK_PERCENT,
        "questions": [
            {
                "kind": "single_choice", "prompt": item.prompt, "options": list(item.options), "correct": item.correct,
                "explanation": item.explanation,
            }
            for item in items
        ],
    }  # fmt: skip


def title_of(text: str, most: int = 255) -> str:
    """One line that may stand as a title: no control characters, not empty, not too long."""
    line = " ".join("".join(" " if category(one) == "Cc" else one for one in text).split())
    return line[:most].strip() or "Untitled"


def modules_of(modules: Sequence[DraftModule]) -> list[dict[str, Any]]:
    """Each as a module is appended to a draft."""
    return [
        {
            "title": title_of(module.title),
            "units": [
                *({"kind": "text", "title": title_of(unit.title), "body": unit.body} for unit in module.units),
                *([{"kind": "quiz", "title": "Quiz", "quiz": quiz_of(module.quiz)}] if module.quiz else []),
            ],
        }
        for module in modules
    ]


def checked(
    modules: Sequence[DraftModule], difficulty: str, others: Sequence[Source], prompts: Sequence[str]
) -> list[Finding]:
    """Level and duplication of every text, and what questions are checked for."""
    findings: list[Finding] = []
    asked, there = asked_before(prompts), texts_of(others)
    for module in modules:
        own = [Source(f"{module.title}/{at}", unit.title, unit.body) for at, unit in enumerate(module.units)]
        for unit in module.units:
            findings += check_text(unit.body, f"{module.title}: {unit.title}", difficulty, there)
        findings += check_worded(module.quiz[: module.worded], own, asked)
        findings += check_items(module.quiz[module.worded :], own, asked, first=module.worded + 1)
        for item in module.quiz[module.worded :]:
            asked.add(gapped(item.prompt))
        if module.quiz:
            findings.append(level_of_questions(module.quiz, difficulty, f"{module.title}: questions"))
    return findings


def repeated(modules: Sequence[Mapping[str, Any]]) -> list[Finding]:
    """What is said or asked twice in a whole draft, of the form that `modules_of` gives; a finding for every text and
    question."""
    units = [(module["title"], unit) for module in modules for unit in module["units"]]
    texts = [(f"{module}: {unit['title']}", unit["body"]) for module, unit in units if unit["kind"] == "text"]
    # A text may be part of one before it or of one behind it.
    earlier, later = _held(texts), _held(texts[::-1])
    findings = []
    for place, (where, _) in enumerate(texts):
        same = earlier[place] or later[len(texts) - 1 - place]
        note = "not said elsewhere in the draft" if same is None else f"says what is said in {same}"
        findings.append(Finding(check="duplication", passed=same is None, where=where, note=note))
    asked = asked_before([])
    for module, unit in units:
        for number, question in enumerate(unit["quiz"]["questions"] if unit["kind"] == "quiz" else (), start=1):
            prompt = gapped(question["prompt"])
            same = asked.like(prompt)
            asked.add(prompt)
            note = "asked once in the draft" if same is None else f"like another question: {same[:120]}"
            where = f"{module}: question {number}"
            findings.append(Finding(check="duplication", passed=same is None, where=where, note=note))
    return findings


def _held(texts: Sequence[tuple[str, str]]) -> dict[int, str | None]:
    """By its place, the name of a text before it that holds each."""
    before = texts_of([])
    found = {}
    for place, (name, body) in enumerate(texts):
        found[place] = before.like(body)
        before.add(body, name)
    return found
