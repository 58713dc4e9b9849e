"""Fit the grading of short answers to answers that people have graded.

The figures in the summary are for questions and answers held out, four parts in turn.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections import Counter
from typing import Annotated, Any

import typer

from jobs.framework import DataFolder, OutFile, Row, Run, job
from jobs.framework.errors import UnusableData
from jobs.framework.outputs import replacing
from jobs.framework.rows import Work
from jobs.framework.tables import folder_hash
from jobs.reading.short_answers import graded_of, read_short_answers, remarks, to_learn_from

_TO_LEARN_FROM = ("train", "training")


@job(version=6)
def train_grading(
    run: Run,
    data: DataFolder,
    out: OutFile,
    split: Annotated[
        list[str] | None, typer.Option(help="learn from these where rows have one; may be repeated; else train")
    ] = None,
) -> None:
    """Learn to grade from the rows of a folder that have a label, and write a model for `grade`.

    The model holds vectors and word stems of the graded answers, not their texts. What is of another split than `train`
    is put aside to be measured on, and is not learnt from.
    """
    from learning.grading.storing import save
    from learning.grading.training import fit, seen

    labelled = [row for row in read_short_answers(data) if row["label"]]
    if not labelled:
        raise UnusableData(f"No answer in {data} has a label.")
    rows = to_learn_from(labelled, {one.strip().lower() for one in split} if split else _TO_LEARN_FROM)
    if aside := Counter(row["split"] for row in labelled) - Counter(row["split"] for row in rows):
        told = ", ".join(f"{name} {count:,}" for name, count in sorted(aside.items()))
        run.warn(f"{aside.total():,} answers are of other splits, and are not learnt from ({told}).")
    run.warn(*remarks(rows))
    by_question = sorted(enumerate(rows), key=lambda numbered: (numbered[1]["question_id"], numbered[0]))
    asked = [row | {"place": place} for place, row in by_question]  # the texts of a question are read once
    read = sorted(run.each(asked, reader, stage="answers", batch_size=128), key=lambda row: row["place"])
    answers = seen([graded_of(row) for row in rows], [_unpacked(row) for row in read])
    with run.step("Fitting"):
        source = folder_hash(data, out)
        fitted = fit(answers, f"short-answers-{source[:12]}")
    with replacing(out) as fresh:
        save(fitted.model, fresh, about=_about(rows, source, fitted.figures))
    run.note(answers=len(rows), questions=len(answers.keys), model=fitted.model.name, **fitted.figures)


def reader() -> Work:
    """Load the sentence model, and give what reads graded answers."""
    from learning.embedding.minilm import MiniLM
    from learning.grading.reading import Reader
    from learning.grading.training import AnswerReader

    answers = AnswerReader(Reader(MiniLM.load(threads=1)))

    def work(rows: list[Row]) -> list[Row]:
        found = answers.read([graded_of(row) for row in rows])
        return [
            {
                "place": row["place"], "features": _packed(one.features), "vector": _packed(one.sketch.vector),
                "stems": sorted(one.sketch.stem_set),
            }
            for row, one in zip(rows, found, strict=True)
        ]  # fmt: skip

    return work


def _packed(numbers: Any) -> str:
    return b64encode(numbers.tobytes()).decode()


def _unpacked(row: Row) -> Any:
    import numpy as np

    from learning.grading.model import Sketch
    from learning.grading.training import Read

    vector = np.frombuffer(b64decode(row["vector"]), dtype=np.float32)
    return Read(np.frombuffer(b64decode(row["features"])), Sketch(vector, frozenset(row["stems"])))


def _about(rows: list[Row], source: str, figures: dict[str, float]) -> dict[str, object]:
    return {"answers": len(rows), "labels": Counter(row["label"] for row in rows), "data_sha256": source, **figures}


if __name__ == "__main__":
    train_grading()
