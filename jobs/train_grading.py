"""Fit the grading of short answers to answers that people have graded.

The figures in the summary are for questions and answers held out, four parts in turn.
"""

from __future__ import annotations

from collections import Counter

from jobs.framework import DataFolder, OutFile, Row, Run, job
from jobs.framework.errors import UnusableData
from jobs.framework.outputs import replacing
from jobs.framework.tables import folder_hash
from jobs.reading.short_answers import graded_of, read_short_answers
from learning.grading.reading import Reader


@job(version=2)
def train_grading(run: Run, data: DataFolder, out: OutFile) -> None:
    """Learn to grade from the rows of a folder that have a label, and write a model for `grade`.

    The model holds vectors and word stems of the graded answers, not their texts.
    """
    from learning.grading.storing import save
    from learning.grading.training import fit, see

    rows = [row for row in read_short_answers(data) if row["label"]]
    if not rows:
        raise UnusableData(f"No answer in {data} has a label.")
    with run.step("Reading the answers"):
        seen = see([graded_of(row) for row in rows], _reader())
    with run.step("Fitting"):
        source = folder_hash(data)
        fitted = fit(seen, f"short-answers-{source[:12]}")
    with replacing(out) as fresh:
        save(fitted.model, fresh, about=_about(rows, source, fitted.figures))
    run.note(answers=len(rows), questions=len(seen.keys), model=fitted.model.name, **fitted.figures)


def _about(rows: list[Row], source: str, figures: dict[str, float]) -> dict[str, object]:
    return {"answers": len(rows), "labels": Counter(row["label"] for row in rows), "data_sha256": source, **figures}


def _reader() -> Reader:
    from learning.embedding.minilm import MiniLM

    return Reader(MiniLM.load(threads=2))


if __name__ == "__main__":
    train_grading()
