"""How near essays' suggested grades come to people's, and whom they are sent to, on a stand-in.

    python -m benchmarks.essays --data FOLDER [--essays 400] [--corpus NAME]

No graded essays can be had here. What stands in for them: short answers that people have graded (the rows that `azora
job train-grading` reads, which also have `module`), five to different questions of a module put together as one essay
of an unknown order; the rubric has a line for each of the five and for three that the essay does not speak of, with
the reference as what it looks for. A line is worth a point where a person called the answer correct. So it has the
words of learners and the judgement of people, and nothing of what makes an essay more than its statements.

Prints how well points are told (quadratic weighted kappa, mean difference), how well lines are (AUC), whether
feedback quotes the essay, and what is sent to a person before and after a teacher has decided on the first sixty. The
four coefficients of the grader were fitted on essays made of answers like these.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.grading import Row, read_rows
from learning.embedding.minilm import MiniLM
from learning.grading.calibration import Calibration, Decision
from learning.grading.essays import EssayGrader, EssayMark
from learning.grading.reading import Reader
from learning.grading.rubrics import Criterion, Rubric

console = Console(width=120)
_ANSWERED, _OPEN, _DECIDED = 5, 3, 60
_CONFIDENT = 0.7  # the platform's own default


@dataclass(frozen=True)
class Essay:
    """A text, its rubric, and what people gave for each line."""

    text: str
    rubric: Rubric
    right: tuple[bool, ...]

    @property
    def share(self) -> float:
        return sum(self.right) / len(self.right)


def essays(rows: Sequence[Row], count: int) -> Iterator[Essay]:
    """The same every time."""
    dice = random.Random(7)
    modules: dict[str, dict[str, list[Row]]] = {}
    for row in rows:
        modules.setdefault(row["module"], {}).setdefault(row["question_id"], []).append(row)
    large = [questions for questions in modules.values() if len(questions) >= _ANSWERED + _OPEN]
    for number in range(count):
        questions = large[number % len(large)]
        keys = dice.sample(sorted(questions), _ANSWERED + _OPEN)
        given = [dice.choice(questions[key]) for key in keys[:_ANSWERED]]
        criteria = tuple(
            Criterion(title=f"Line {at}", points=1, looks_for=(questions[key][0]["references"][0],))
            for at, key in enumerate(keys, start=1)
        )
        right = (*(row["label"] == "correct" for row in given), *(False for _ in range(_OPEN)))
        said = [_sentence(row["answer"]) for row in given]
        dice.shuffle(said)
        yield Essay(" ".join(said), Rubric(task="Say what you have learnt.", criteria=criteria), right)


def _sentence(text: str) -> str:
    flat = " ".join(text.split())
    return f"{flat[:1].upper()}{flat[1:]}" if flat.endswith((".", "!", "?")) else f"{flat[:1].upper()}{flat[1:]}."


def kappa(given: Sequence[int], suggested: Sequence[int], most: int) -> float:
    """Quadratic weighted kappa (Cohen, 1968)."""
    seen = np.zeros((most + 1, most + 1))
    np.add.at(seen, (np.array(given), np.array(suggested)), 1)
    places = np.arange(most + 1)
    weights = (places[:, None] - places[None]) ** 2
    expected = np.outer(seen.sum(axis=1), seen.sum(axis=0)) / seen.sum()
    return float(1 - (weights * seen).sum() / (weights * expected).sum())


def sent(found: Sequence[tuple[Essay, EssayMark]], calibration: Calibration) -> tuple[float, float, float]:
    """The share that a person need not look at, and how often a person gives about the same there and elsewhere."""
    sure, agreed = [], []
    for essay, mark in found:
        confidence = 0.0 if mark.concerns else calibration.confidence(mark.confidence)
        sure.append(confidence >= _CONFIDENT)
        agreed.append(calibration.agrees(Decision(confidence=mark.confidence, share=mark.share, given=essay.share)))
    held, alike = np.array(sure), np.array(agreed)
    return (
        float(held.mean()),
        float(alike[held].mean()) if held.any() else float("nan"),
        float(alike[~held].mean()) if (~held).any() else float("nan"),
    )


def main() -> int:
    """See the module."""
    from sklearn.metrics import roc_auc_score

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--essays", type=int, default=400)
    parser.add_argument("--corpus", default=None)
    asked = parser.parse_args()
    rows = [row for row in read_rows(asked.data) if asked.corpus is None or row.get("corpus") == asked.corpus]
    grader = EssayGrader(Reader(MiniLM.load(threads=2)))
    found = [(essay, grader.grade(essay.rubric, essay.text)) for essay in essays(rows, asked.essays)]
    lines = [
        (right, one.points) for essay, mark in found for right, one in zip(essay.right, mark.criteria, strict=True)
    ]
    quotes = [one.quote for _, mark in found for one in mark.criteria if one.quote]
    verbatim = sum(
        one.quote.strip("\u201c\u201d").rstrip("\u2026") in essay.text
        for essay, mark in found for one in mark.criteria if one.quote
    )  # fmt: skip
    most = _ANSWERED + _OPEN
    table = Table("Essays put together of graded short answers", "")
    table.add_row("Essays", f"{len(found)}")
    table.add_row("Quadratic weighted kappa of points", f"{_kappa(found, most):.2f}")
    table.add_row("Mean difference, share of points", f"{np.mean([abs(e.share - m.share) for e, m in found]):.3f}")
    table.add_row("Lines: AUC", f"{roc_auc_score(*zip(*lines, strict=True)):.3f}")
    table.add_row("Quotations that stand in the essay", f"{verbatim} of {len(quotes)}")
    first, rest = found[:_DECIDED], found[_DECIDED:]
    decided = [Decision(confidence=m.confidence, share=m.share, given=e.share) for e, m in first]
    for title, calibration in (("undecided", Calibration()), ("60 decided", Calibration().learn(decided))):
        sure, there, elsewhere = sent(rest, calibration)
        table.add_row(f"{title}: not sent to a person", f"{sure:.2f} (agreed {there:.2f}, others {elsewhere:.2f})")
    console.print(table)
    return int(verbatim < len(quotes))


def _kappa(found: Sequence[tuple[Essay, EssayMark]], most: int) -> float:
    given = [sum(essay.right) for essay, _ in found]
    return kappa(given, [round(mark.share * most) for _, mark in found], most)


if __name__ == "__main__":
    sys.exit(main())
