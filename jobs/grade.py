"""Grade short answers against references."""

from __future__ import annotations

from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Annotated

import typer

from jobs.framework import DataFolder, Row, RowsFile, Run, job
from jobs.framework.rows import Work
from jobs.reading.short_answers import question_of, read_short_answers, remarks

COLUMNS = (
    "answer_id", "question_id", "label", "score", "confidence", "needs_person", "concerns", "feedback",
    "graded_answers", "model",
)  # fmt: skip


@job(version=6)
def grade(
    run: Run,
    data: DataFolder,
    out: RowsFile,
    model: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="what train-grading made; else the one that ships")
    ] = None,
    confident: Annotated[
        float, typer.Option(min=0, max=1, help="answers graded with less confidence are marked for a person")
    ] = 0.6,
) -> None:
    """Grade every answer of a folder; a row for each, in its order. Labels in the folder are not looked at."""
    from learning.grading.storing import SHIPPED, load

    load(model or SHIPPED)  # what is no model is told before the work is given out
    rows = read_short_answers(data, labels=False)
    run.warn(*remarks(rows))
    by_question = sorted(enumerate(rows), key=lambda numbered: (numbered[1]["question_id"], numbered[0]))
    asked = [row | {"place": place} for place, row in by_question]  # the texts of a question are read once
    results = run.each(asked, partial(grader, model, confident), stage="answers", batch_size=64)
    graded = sorted(results, key=lambda row: row["place"])
    run.write(graded, (*COLUMNS, "split") if any(row["split"] for row in rows) else COLUMNS)
    run.note(for_a_person=sum(row["needs_person"] for row in graded))


def grader(model: Path | None, confident: float) -> Work:
    """Load the model, and give what grades a batch."""
    from learning.embedding.minilm import MiniLM
    from learning.grading.concerns import trust
    from learning.grading.model import Grader
    from learning.grading.reading import Reader
    from learning.grading.storing import SHIPPED, load

    grader = Grader(load(model or SHIPPED), Reader(MiniLM.load(threads=1)))

    def work(rows: list[Row]) -> list[Row]:
        found = []
        for question, own in groupby(rows, key=question_of):
            batch = list(own)
            grades = grader.grade(question, [row["answer"] for row in batch])
            found += [
                {
                    "place": row["place"],
                    "answer_id": row["answer_id"],
                    "question_id": row["question_id"],
                    "label": one.label,
                    "score": round(one.score, 4),
                    "confidence": round(trust(one.confidence, one.concerns), 4),
                    "needs_person": one.needs_person(confident),
                    "concerns": [str(concern) for concern in one.concerns],
                    "feedback": one.feedback,
                    "graded_answers": one.graded_answers,
                    "model": one.model,
                    "split": row["split"],
                }
                for row, one in zip(batch, grades, strict=True)
            ]
        return found

    return work


if __name__ == "__main__":
    grade()
