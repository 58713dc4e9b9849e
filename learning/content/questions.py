"""Quiz items out of a text: a statement with a gap, the term that belongs there, and others that do not.

Cloze items with distractors from the text itself (Mitkov and others, 2006): of the text's own terms those that are
alike in form and meaning, but not so alike that they would be right too. No word is made up.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

import numpy as np
from numpy.typing import NDArray

from learning.content.material import Source, Statement, occurrence, statements, stems, terms, terms_in
from learning.content.repeats import Repeats

Vectors = NDArray[np.float32]
Embed = Callable[[Sequence[str]], Vectors]

Surroundings = tuple[list[str], list[str]]
Form = tuple[int, str]

GAP = "_____"
DISTRACTORS = 3
_CONSIDERED = 40  # terms of a form, those that matter most: each takes a millisecond to embed
_TOO_ALIKE = 0.72  # cosine: it would fit as well
_DEFINES = re.compile(r"\b(?:is|are|means?|is called|are called|refers to|describes?|is when)\b", re.IGNORECASE)
_ARTICLE = re.compile(r"\b([Aa])n? $")  # which of the two it is would give the answer away
_SAME = 0.6  # share of stems: two questions about the same
_WORD = re.compile(r"[^\W_]+")
_LOOKED_AT = 40  # statements for each question that is wanted: from there on none will do


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A question with one right option; `source` and `statement` are what it was made of."""

    prompt: str
    options: tuple[str, ...]
    correct: int
    explanation: str
    source: str
    heading: str
    statement: str


@dataclass(frozen=True)
class Pool:
    """Where distractors come from: the terms of texts with their weights, heaviest first, and all that is said.

    What terms mean is looked at form by form, and only for the forms that are asked about. `embed` gets the same terms
    in the same order for the same texts, so it may remember what it gave.
    """

    weights: Mapping[str, float]
    embed: Embed | None
    said: str  # words with a space on either side
    _by_form: dict[Form, tuple[list[str], Vectors | None]] = field(default_factory=dict)

    @classmethod
    def of(cls, sources: Sequence[Source], embed: Embed | None) -> Self:
        """Of texts. Without `embed` distractors are chosen by form alone."""
        said = " ".join(" ".join(_words(source.markdown)) for source in sources)
        return cls(terms(sources), embed, f" {said} ")

    def alike(self, term: str) -> list[tuple[str, float]]:
        """Terms of the same form, the most alike first, each with the cosine of the angle; all 0.5 without `embed`."""
        names, vectors = self._of_form(_form(term))
        if vectors is None or self.embed is None:
            return [(name, 0.5) for name in names]
        likeness = vectors @ (vectors[names.index(term)] if term in names else self.embed([term])[0])
        return [(names[place], float(likeness[place])) for place in np.argsort(-likeness, kind="stable")]

    def _of_form(self, form: Form) -> tuple[list[str], Vectors | None]:
        if form not in self._by_form:
            names = [name for name in self.weights if _form(name) == form][:_CONSIDERED]
            self._by_form[form] = names, self.embed(names) if self.embed is not None and names else None
        return self._by_form[form]

    def says(self, term: str, before: Sequence[str], after: Sequence[str]) -> bool:
        """Whether the term stands between these words anywhere. The texts are searched each time, which takes
        a millisecond for a megabyte; what stands around every term would take many times their room."""
        return f" {' '.join([*before, *_words(term), *after])} " in self.said


def items(sources: Sequence[Source], count: int, pool: Pool, *, asked: Sequence[str] = (), seed: int = 0) -> list[Item]:
    """At most `count` questions, spread over the texts, the most telling statements first. Equal input gives equal
    questions. What was `asked` before is not asked again."""
    candidates = _candidates(statements(sources), pool.weights)
    chosen: list[Item] = []
    keys: set[str] = set()
    said = Repeats(asked, share=_SAME, of="shorter")
    spread = _spread(candidates, [source.key for source in sources])
    for statement, term in spread[: _LOOKED_AT * count + _LOOKED_AT]:
        if len(chosen) == count:
            break
        if term in keys or said.like(statement.text) is not None:
            continue
        wrong = _distractors(statement, term, pool)
        if len(wrong) == DISTRACTORS:
            chosen.append(_item(statement, term, wrong, random.Random(f"{seed}:{statement.text}")))
            keys.add(term)
            said.add(statement.text)
    return chosen


def _candidates(found: Sequence[Statement], weights: Mapping[str, float]) -> list[tuple[float, Statement, str]]:
    ranked = []
    for statement in found:
        inside = [term for term in terms_in(statement, weights) if occurrence(term, statement.text)]
        if not inside:
            continue
        term = max(inside, key=lambda one: (weights[one] * (1 + one.count(" ")), one))
        if len(re.findall(rf"(?<!\w){re.escape(term)}(?!\w)", statement.text, re.IGNORECASE)) > 1:
            continue  # one gap would be filled by the other place
        telling = weights[term] * (2.0 if _DEFINES.search(statement.text) else 1.0)
        ranked.append((telling, statement, term))
    return sorted(ranked, key=lambda one: (-one[0], one[1].text))


def _spread(candidates: Sequence[tuple[float, Statement, str]], order: Sequence[str]) -> list[tuple[Statement, str]]:
    """The best of each text, then the second best of each, and so on."""
    by_source: dict[str, list[tuple[Statement, str]]] = {key: [] for key in order}
    for _, statement, term in candidates:
        by_source[statement.source].append((statement, term))
    deepest = max(map(len, by_source.values()), default=0)
    return [own[at] for at in range(deepest) for own in by_source.values() if at < len(own)]


def _distractors(statement: Statement, term: str, pool: Pool) -> list[str]:
    own = stems(statement.text)
    before, after = _surroundings(statement.text, *(occurrence(term, statement.text) or (0, 0)))
    found: list[str] = []
    for other, likeness in pool.alike(term):
        if likeness >= _TOO_ALIKE or stems(other) & own:
            continue
        if any(stems(other) & stems(one) for one in found) or pool.says(other, before, after):
            continue  # the texts say the same of it: it would be right as well
        found.append(other)
        if len(found) == DISTRACTORS:
            break
    return found


def _form(term: str) -> Form:
    """How many words, and which ending: plural beside singular would give the answer away."""
    return term.count(" "), _ending(term)


def _ending(term: str) -> str:
    for ending in ("ing", "ed"):
        if term.endswith(ending):
            return ending
    return "s" if term.endswith("s") and not term.endswith(("ss", "us", "is")) else ""


def _surroundings(text: str, start: int, end: int) -> Surroundings:
    """The two words before a place in a text and the two behind it."""
    return _words(text[:start])[-2:], _words(text[end:])[:2]


def _words(text: str) -> list[str]:
    """Letters and digits alone: what ends a sentence, or marks a word, makes it no other word."""
    return _WORD.findall(text.lower())


def _item(statement: Statement, term: str, wrong: Sequence[str], dice: random.Random) -> Item:
    start, end = occurrence(term, statement.text) or (0, 0)
    written = statement.text[start:end]
    options = [written, *(_cased(one, written, start) for one in wrong)]
    dice.shuffle(options)
    before = _ARTICLE.sub(lambda found: f"{found[1]}/{'An' if found[1] == 'A' else 'an'} ", statement.text[:start])
    prompt = f"Which term belongs in the gap?\n\n> {before}{GAP}{statement.text[end:]}"
    return Item(
        prompt=prompt.replace("_____", r"\_\_\_\_\_"),
        options=tuple(options),
        correct=options.index(written),
        explanation=f"In {_quoted(statement.heading)}: {statement.text}",
        source=statement.source,
        heading=statement.heading,
        statement=statement.text,
    )


def _quoted(text: str) -> str:
    return f"\N{LEFT DOUBLE QUOTATION MARK}{text}\N{RIGHT DOUBLE QUOTATION MARK}"


def _cased(term: str, like: str, start: int) -> str:
    return term[0].upper() + term[1:] if start == 0 and like[:1].isupper() else term
