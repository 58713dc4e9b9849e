"""Essays against rubrics, criterion by criterion, without a language model.

What a criterion looks for is looked for in the sentences, by meaning and by words; the sentence that comes nearest is
its evidence, and is quoted. Structure and language are judged by what can be counted. That tells whether an essay
speaks of something, not whether what it says is true or well argued: so confidence stays low until people's decisions
on such suggestions have shown how far they agree (`calibration`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from learning.grading.concerns import Concern, concerns_of, contents, is_copied, trust
from learning.grading.feedback import quoted
from learning.grading.readability import Readability, paragraphs, readability
from learning.grading.reading import Reader, Reading
from learning.grading.rubrics import Aspect, Criterion, Rubric
from learning.retrieval.sentences import sentences

NAME, VERSION = "essay-rubric", "1"
SPOKEN_OF = "What is looked for is spoken of."
MOST_SENTENCES = 150  # what is beyond is not read, and said so
_SUREST = 0.55  # without decisions of people nothing is surer
# Logistic regression on essays put together of graded short answers (CC BY-SA 3.0, see weights/NOTICE.txt): whether one
# of a dozen sentences is a right answer to the question whose reference is looked for (AUC 0.76 on other questions).
# Intercept, for essays of which two in three speak of what is looked for; cosine of the nearest sentence; how far it
# stands out from the rest; share of the wanted words in it.
_EVIDENCE = (-2.1, 2.7, 2.1, 1.9)
_TIES = (
    "first", "second", "third", "finally", "then", "next", "however", "therefore", "because", "although", "whereas",
    "consequently", "moreover", "furthermore", "nevertheless", "instead", "thus", "hence", "conclusion", "summary",
    "overall", "example", "instance", "contrast", "since", "while", "but",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class CriterionMark:
    """What an essay gets for one line of the rubric, and why."""

    title: str
    points: float
    maximum_points: float
    quote: str | None  # words of the essay, as they stand there
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EssayMark:
    """A suggestion for an essay; `share` is of all points."""

    share: float
    confidence: float
    criteria: tuple[CriterionMark, ...]
    feedback: str
    concerns: tuple[Concern, ...]


class EssayGrader:
    """Grades essays. Keeps nothing."""

    name = f"{NAME}-{VERSION}"

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def grade(self, rubric: Rubric, essay: str) -> EssayMark:
        """A mark for each criterion, together a share of all points."""
        said = [sentence for part in paragraphs(essay) for sentence in sentences(part)]
        figures = readability(essay)
        asked = [sentence for part in paragraphs(rubric.task) for sentence in sentences(part)]
        asked += [wanted for one in rubric.criteria for wanted in one.wanted]
        task = contents(asked)
        own = [one for one in said if not is_copied(one, task)]
        concerns = concerns_of(essay, said, copied=len(said) - len(own), most=MOST_SENTENCES)
        read = self._reader.read(own[:MOST_SENTENCES])
        marked = [self._mark(one, read, figures, essay) for one in rubric.criteria]
        length = _length(figures.words, rubric.minimum_words)
        share = length * sum(mark.points for mark, _ in marked) / rubric.points
        doubt = sum(one.points * doubt for one, (_, doubt) in zip(rubric.criteria, marked, strict=True)) / rubric.points
        marks = tuple(mark for mark, _ in marked)
        return EssayMark(
            share=min(max(share, 0.0), 1.0),
            confidence=trust(_SUREST * (1 - doubt), concerns),
            criteria=marks,
            feedback=feedback_of(marks, figures.words, rubric.minimum_words),
            concerns=concerns,
        )

    def _mark(
        self, criterion: Criterion, read: Sequence[Reading], figures: Readability, essay: str
    ) -> tuple[CriterionMark, float]:
        """The mark, and from 0 to 1 how doubtful it is."""
        match criterion.aspect:
            case Aspect.CONTENT:
                return self._content(criterion, read)
            case Aspect.STRUCTURE:
                return _counted(criterion, _structure(figures, essay))
            case Aspect.LANGUAGE:
                return _counted(criterion, _language(figures))

    def _content(self, criterion: Criterion, read: Sequence[Reading]) -> tuple[CriterionMark, float]:
        wanted = self._reader.read(criterion.wanted)
        found = [evidence(one, read) for one in wanted]
        chances = [chance for chance, _ in found]
        share = sum(chances) / len(chances)
        doubt = sum(1 - abs(2 * chance - 1) for chance in chances) / len(chances)
        best = max(range(len(found)), key=chances.__getitem__)
        at = found[best][1]
        quote = quoted(read[at].text) if at is not None and chances[best] >= 0.5 else None
        missing = [text for text, chance in zip(criterion.wanted, chances, strict=True) if chance < 0.5]
        note = f"Little was found on: {'; '.join(missing)}." if missing else SPOKEN_OF
        return _marked(criterion, share, quote, note), doubt


def evidence(wanted: Reading, read: Sequence[Reading]) -> tuple[float, int | None]:
    """The chance that one of the sentences says what is wanted, and which comes nearest."""
    if not read:
        return 0.0, None
    measured = measures(wanted, read)
    odds = _EVIDENCE[0] + measured @ np.array(_EVIDENCE[1:])
    at = int(np.argmax(odds))
    return float(1 / (1 + np.exp(-odds[at]))), at


def measures(wanted: Reading, read: Sequence[Reading]) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """(sentences, 3): cosine, how far it stands out from the mean of the others, share of the wanted words."""
    cosines = (np.stack([one.vector for one in read]) @ wanted.vector).astype(np.float64)
    weight = math.fsum(wanted.stem_weights[one] for one in wanted.content) or 1.0
    covered = [math.fsum(wanted.stem_weights[one] for one in wanted.content & each.stem_set) / weight for each in read]
    return np.stack([cosines, cosines - cosines.mean(), np.array(covered)], axis=1)


def _structure(figures: Readability, essay: str) -> list[tuple[bool, str]]:
    parts = paragraphs(essay)
    lowered = essay.lower()
    ties = sum(f"{tie} " in lowered or f"{tie}," in lowered for tie in _TIES)
    lengths = [len(part.split()) for part in parts]
    return [
        (len(parts) >= 3, f"{len(parts)} paragraphs"),
        (ties >= 4, f"{ties} different words that tie sentences together"),
        (bool(lengths) and max(lengths) <= 0.6 * sum(lengths), "no paragraph takes most of the room"),
        (figures.sentences >= 8, f"{figures.sentences} sentences"),
    ]


def _language(figures: Readability) -> list[tuple[bool, str]]:
    return [
        (20 <= figures.ease <= 80, f"reading ease {figures.ease:.0f} (Flesch)"),
        (figures.long_sentences <= 0.15 * figures.sentences, f"{figures.long_sentences} very long sentences"),
        (figures.distinct_share >= 0.5, f"{figures.distinct_share:.0%} of words differ in a hundred"),
        (figures.sentences >= 5, f"{figures.sentences} sentences"),
    ]


def _counted(criterion: Criterion, checks: Sequence[tuple[bool, str]]) -> tuple[CriterionMark, float]:
    held = sum(held for held, _ in checks) / len(checks)
    note = "Counted: " + "; ".join(said if held else f"{said} (falls short)" for held, said in checks) + "."
    return _marked(criterion, held, None, note), 0.6  # counting says little of how well something is built


def _marked(criterion: Criterion, share: float, quote: str | None, note: str) -> CriterionMark:
    halves = round(2 * criterion.points * share) / 2
    return CriterionMark(
        title=criterion.title, points=min(halves, criterion.points), maximum_points=criterion.points, quote=quote,
        note=note,
    )  # fmt: skip


def _length(found: int, minimum: int | None) -> float:
    """All of the points from nine tenths of the wanted length on; below that in proportion."""
    return 1.0 if minimum is None or found >= 0.9 * minimum else found / (0.9 * minimum)


def feedback_of(marks: Sequence[CriterionMark], found: int, minimum: int | None) -> str:
    """Each mark in words, and where an essay is too short that its points are lowered. `found`, `minimum`: words."""
    lines = [
        f"{mark.title}: {mark.points:g} of {mark.maximum_points:g}. "
        + (f"You wrote {mark.quote}. " if mark.quote else "")
        + mark.note
        for mark in marks
    ]
    if _length(found, minimum) < 1:
        lines.append(f"It has {found} words of at least {minimum}, and the points are lowered in proportion.")
    return "\n\n".join(lines)
