"""A textbook as a folder: its passages, and questions about it.

`passages` is a table with `text`, and `section` and `passage_id` if there; or else each Markdown file of the folder is
a chapter, which is cut as the units of a course are. `questions` is a table with `question`, and `question_id` if
there. What is known of the answers is for the figures alone: `section` (several in JSON) or `passage_id`, where it is
answered, and `answerable` (0 for what the book does not answer).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson

from jobs.framework.errors import MissingData
from jobs.framework.rows import Row
from jobs.framework.tables import as_text, read_table, require_folder, table_path
from learning.retrieval.chunking import passages

_PLACE = ("passage_id", "section")


def read_passages(folder: Path) -> list[Row]:
    """Rows with passage_id, section and text, in the order of the book. Raises `JobError`."""
    if table_path(require_folder(folder), "passages") is not None:
        table = read_table(folder, "passages", ["text"], _PLACE, text={"text", *_PLACE})
        rows = [_passage(number, raw) for number, raw in enumerate(table.to_dict("records"), 1)]
    else:
        rows = [row for path in sorted(folder.rglob("*.md")) for row in _chapter(folder, path)]
    if not rows:
        raise MissingData(f"{folder} has no book: looked for a table `passages` and for files that end in .md.")
    return rows


def read_questions(folder: Path) -> list[Row]:
    """Rows with question_id, question, sections and passage_ids (where it is answered, if anybody says) and answerable
    (None where nobody does), in the order of the table. Raises `JobError`."""
    optional = ["question_id", *_PLACE, "answerable"]
    table = read_table(folder, "questions", ["question"], optional, text={"question", *optional})
    return [_question(number, raw) for number, raw in enumerate(table.to_dict("records"), 1)]


def misplaced(passages: Sequence[Row], questions: Sequence[Row]) -> int:
    """How many questions name only places that no passage has."""
    ids, sections = {row["passage_id"] for row in passages}, {row["section"] for row in passages}
    named = [row for row in questions if row["passage_ids"] or row["sections"]]
    return sum(not (ids & set(row["passage_ids"]) or sections & set(row["sections"])) for row in named)


def _passage(number: int, raw: dict[str, Any]) -> Row:
    return {
        "passage_id": raw.get("passage_id") or str(number),
        "section": raw.get("section", ""),
        "text": raw["text"],
    }


def _chapter(folder: Path, path: Path) -> list[Row]:
    name = str(path.relative_to(folder).with_suffix(""))
    unit = {"title": "", "body": path.read_text(errors="replace"), "assignment": None, "quiz": None}
    return [
        {"passage_id": f"{name}:{number}", "section": passage.heading, "text": passage.text}
        for number, passage in enumerate(passages(unit, name), 1)
    ]


def _question(number: int, raw: dict[str, Any]) -> Row:
    answerable = raw.get("answerable", "").lower()
    return {
        "question_id": raw.get("question_id") or str(number),
        "question": raw["question"],
        "sections": _several(raw.get("section", "")),
        "passage_ids": _several(raw.get("passage_id", "")),
        "answerable": None if not answerable else answerable not in ("0", "0.0", "false", "no"),
    }


def _several(value: str | list[Any]) -> list[str]:
    if isinstance(value, str) and value.startswith("["):
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError:
            return [str(value)]
    many = value if isinstance(value, list) else [value]
    return [text for one in many if (text := as_text(one))]
