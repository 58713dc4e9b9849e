"""Folders of short answers: every table in them with the columns question, references and answer.

In a CSV `references` is a list in JSON, or one reference as it is. `label` may be missing, or empty for answers that
nobody has graded.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson

from jobs.framework.errors import UnusableData
from jobs.framework.rows import Row
from jobs.framework.tables import as_text, read_file, table_files
from learning.grading.answers import Graded, Label, Question

_NEEDED = ("question", "references", "answer")
_OPTIONAL = ("answer_id", "question_id", "label")


def read_short_answers(folder: Path, *, labels: bool = True) -> list[Row]:
    """Rows with answer_id, question_id, question, references, answer and label (None where there is none), in the order
    of the files' names and of the rows in them. Answers without an id get `FILE:ROW`. Everything is text as it is
    written, an answer `NA` or an id `007` too. Without `labels` they are not looked at, whatever they are.

    Raises `JobError`."""
    optional = [name for name in _OPTIONAL if labels or name != "label"]
    return [
        _row(path, number, raw)
        for path in table_files(folder, "short answers")
        for number, raw in enumerate(
            read_file(path, _NEEDED, optional, text={*_NEEDED, *optional}).to_dict("records"), 1
        )
    ]


def question_of(row: Row) -> Question:
    """The question of a row."""
    return Question(id=row["question_id"], text=row["question"], references=tuple(row["references"]))


def graded_of(row: Row) -> Graded:
    """A row with a label."""
    return Graded(question=question_of(row), answer=row["answer"], label=Label(row["label"]))


def _row(path: Path, number: int, raw: dict[str, Any]) -> Row:
    references = _references(raw["references"])
    if not references:
        raise UnusableData(f"{path}, row {number}: a question needs at least one reference.")
    return {
        "answer_id": raw.get("answer_id") or f"{path.name}:{number}",
        "question_id": raw.get("question_id") or raw["question"],
        "question": raw["question"],
        "references": references,
        "answer": raw["answer"],
        "label": _label(path, number, raw.get("label", "").lower()),
    }


def _label(path: Path, number: int, text: str) -> str | None:
    if text and text not in set(Label):
        raise UnusableData(f"{path}, row {number}: the label {text!r} is none of {', '.join(Label)}.")
    return text or None


def _references(value: str | list[Any]) -> list[str]:
    if isinstance(value, str) and value.startswith("["):
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError:
            value = [value]
    many = value if isinstance(value, list) else [value]
    return [text for one in many if (text := as_text(one))]
