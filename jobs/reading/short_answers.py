"""Folders of short answers: every table in them with the columns question, references and answer.

In a CSV `references` is a list, in JSON or as pandas writes one, or one reference as it is; of objects in a list the
`text` counts. `label` may be missing, or empty for answers that nobody has graded. `split` says which part of the data
an answer is of, as train or test.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

from jobs.framework.errors import UnusableData
from jobs.framework.rows import Row
from jobs.framework.tables import read_file, table_files
from jobs.reading.values import listed, unlisted
from learning.grading.answers import Graded, Label, Question

_NEEDED = ("question", "references", "answer")
_OPTIONAL = ("answer_id", "question_id", "label", "split")


def read_short_answers(folder: Path, *, labels: bool = True) -> list[Row]:
    """Rows with answer_id, question_id, question, references, answer, label (None where there is none) and split (the
    part of the data that an answer is of, in small letters; empty where nobody says), in the order of the files' names
    and of the rows in them. Answers without an id get `FILE:ROW`. Everything is text as it is written, an answer `NA`
    or an id `007` too. Without `labels` they are not looked at, whatever they are.

    Raises `JobError`."""
    optional = [name for name in _OPTIONAL if labels or name != "label"]
    return [
        _row(path, number, raw)
        for path in table_files(folder, "short answers", _NEEDED)
        for number, raw in enumerate(
            read_file(path, _NEEDED, optional, text={*_NEEDED, *optional}).to_dict("records"), 1
        )
    ]


def remarks(rows: Sequence[Row]) -> Iterator[str]:
    """What of the answers may not be meant as it was read."""
    yield from unlisted((one for row in rows for one in row["references"]), "references")


def to_learn_from(rows: Sequence[Row], wanted: Collection[str]) -> list[Row]:
    """The rows of the splits that are wanted, and those of no split. Raises `UnusableData` where there is none."""
    kept = [row for row in rows if not row["split"] or row["split"] in wanted]
    if rows and not kept:
        found = ", ".join(sorted({row["split"] for row in rows}))
        raise UnusableData(f"No answer has the split {', '.join(sorted(wanted))}. Say by --split which: {found}.")
    return kept


def question_of(row: Row) -> Question:
    """The question of a row."""
    return Question(id=row["question_id"], text=row["question"], references=tuple(row["references"]))


def graded_of(row: Row) -> Graded:
    """A row with a label."""
    return Graded(question=question_of(row), answer=row["answer"], label=Label(row["label"]))


def _row(path: Path, number: int, raw: dict[str, Any]) -> Row:
    references = listed(raw["references"], f"{path}, row {number}: references")
    if not references:
        raise UnusableData(f"{path}, row {number}: a question needs at least one reference.")
    return {
        "answer_id": raw.get("answer_id") or f"{path.name}:{number}",
        "question_id": raw.get("question_id") or raw["question"],
        "question": raw["question"],
        "references": references,
        "answer": raw["answer"],
        "label": _label(path, number, raw.get("label", "").lower()),
        "split": raw.get("split", "").lower(),
    }


def _label(path: Path, number: int, text: str) -> str | None:
    if text and text not in set(Label):
        raise UnusableData(f"{path}, row {number}: the label {text!r} is none of {', '.join(Label)}.")
    return text or None
