"""Folders of short answers: every file in them with the columns question, references and answer.

The files are `.jsonl`, `.jsonl.gz`, `.csv`, `.csv.gz` or `.parquet`. In a CSV `references` is a list in JSON, or one
reference as it is. `label` may be missing, or empty for answers that nobody has graded.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from jobs.framework.errors import MissingColumns, MissingData, UnusableData
from jobs.framework.rows import Row
from jobs.framework.tables import read_file, require_folder
from learning.grading.answers import Graded, Label, Question

SUFFIXES = (".jsonl", ".jsonl.gz", ".csv", ".csv.gz", ".parquet")
_NEEDED = ("question", "references", "answer")
_OPTIONAL = ("answer_id", "question_id", "label")


def read_short_answers(folder: Path) -> list[Row]:
    """Rows with answer_id, question_id, question, references, answer and label (None where there is none), in the order
    of the files' names and of the rows in them. Answers without an id get `FILE:ROW`. Raises `JobError`."""
    files = sorted(path for path in require_folder(folder).iterdir() if path.name.endswith(SUFFIXES))
    if not files:
        raise MissingData(f"{folder} has no short answers: looked for files that end in {', '.join(SUFFIXES)}.")
    return [_row(path, number, raw) for path in files for number, raw in enumerate(_rows(path), 1)]


def question_of(row: Row) -> Question:
    """The question of a row."""
    return Question(id=row["question_id"], text=row["question"], references=tuple(row["references"]))


def graded_of(row: Row) -> Graded:
    """A row with a label."""
    return Graded(question=question_of(row), answer=row["answer"], label=Label(row["label"]))


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    if ".jsonl" not in path.name:
        return iter(read_file(path, _NEEDED, _OPTIONAL).to_dict("records"))
    return _json_lines(path)


def _json_lines(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as lines:
        try:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    yield _object(path, number, line)
        except (OSError, EOFError) as error:
            raise UnusableData(f"{path} cannot be read: {error}") from error


def _object(path: Path, number: int, line: bytes) -> dict[str, Any]:
    try:
        row = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise UnusableData(f"{path}, line {number}: {error}") from error
    if not isinstance(row, dict):
        raise UnusableData(f"{path}, line {number} is not an object.")
    return row


def _row(path: Path, number: int, raw: dict[str, Any]) -> Row:
    if missing := set(_NEEDED) - set(raw):
        raise MissingColumns(path, missing, raw)
    references = _references(raw["references"])
    if not references:
        raise UnusableData(f"{path}, row {number}: a question needs at least one reference.")
    return {
        "answer_id": _text(raw.get("answer_id")) or f"{path.name}:{number}",
        "question_id": _text(raw.get("question_id")) or _text(raw["question"]),
        "question": _text(raw["question"]),
        "references": references,
        "answer": _text(raw["answer"]),
        "label": _label(path, number, _text(raw.get("label"))),
    }


def _label(path: Path, number: int, text: str) -> str | None:
    if text and text not in set(Label):
        raise UnusableData(f"{path}, row {number}: the label {text!r} is none of {', '.join(Label)}.")
    return text or None


def _references(value: Any) -> list[str]:
    if isinstance(value, str) and value.lstrip().startswith("["):
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError:
            value = [value]
    many = [value] if isinstance(value, str) or value is None else list(value)
    return [text for one in many if (text := _text(one))]


def _text(value: Any) -> str:
    """Empty for what is missing, which pandas calls NaN."""
    return "" if value is None or value != value else str(value).strip()
