"""A textbook as a folder: its passages, and questions about it.

`passages` is a table with `text`; `section`, where it stands, and `passage_id` if there; and `chapter`, `title` or
`heading` if there, the words that lead to it. Or else each text of the folder is a chapter, which is cut as the units
of a course are. `questions` is a table with `question`, and `question_id` if there. What is known of the answers is for
the figures alone: `section` (several as a list) or `passage_id`, where it is answered, and `answerable` (0 for what the
book does not answer).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from jobs.framework.errors import MissingData, UnusableData
from jobs.framework.rows import Row
from jobs.framework.tables import read_table, require_folder, table_path, tables_in
from jobs.reading.places import is_any, is_number, names_of, number_of
from jobs.reading.texts import TEXT_SUFFIXES, read_text, text_files
from jobs.reading.values import as_known, is_missing, listed, rewritten, unlisted, yes_or_no
from learning.retrieval.chunking import MAXIMUM_CHARACTERS, PATH, Passage
from learning.retrieval.chunking import passages as cut

_PLACE = ("passage_id", "section")
_WORDS = ("chapter", "title", "heading")


def read_passages(folder: Path) -> list[Row]:
    """Rows with passage_id, section (where it stands), within (the same with its chapter), heading (the words that lead
    to it, its section's and its chapter's) and text, in the order of the book. Raises `JobError`."""
    if table_path(require_folder(folder), "passages") is not None:
        columns = (*_PLACE, *_WORDS)
        table = read_table(folder, "passages", ["text"], columns, text={"text", *columns})
        if table.empty:
            raise UnusableData(f"The table passages of {folder} has no rows.")
        return [_passage(number, raw) for number, raw in enumerate(table.to_dict("records"), 1)]
    rows = _chapters(folder)
    if not rows:
        looked = f"a table `passages` and for files that end in {', '.join(TEXT_SUFFIXES)}"
        raise MissingData(f"{folder} has no book: looked for {looked}.")
    return rows


def read_questions(folder: Path) -> list[Row]:
    """Rows with question_id, question, sections and passage_ids (where it is answered, if anybody says) and answerable
    (None where nobody does), in the order of the table. Raises `JobError`."""
    optional = ["question_id", *_PLACE, "answerable"]
    table = read_table(folder, "questions", ["question"], optional, text={"question", *optional})
    return [_question(number, raw) for number, raw in enumerate(table.to_dict("records"), 1)]


def unread(folder: Path) -> list[str]:
    """Names of tables, and of texts beside a table of passages, that are neither the book nor the questions."""
    taken = [table_path(folder, name) for name in ("passages", "questions")]
    others = [path for path in tables_in(folder) if path not in taken]
    if taken[0] is not None:
        others += [path for path in text_files(folder) if path.stem.lower() != "readme"]
    return [str(path.relative_to(folder)) for path in others]


def in_short(names: Sequence[str]) -> str:
    """The first names, and how many more there are."""
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def windows(passages: Sequence[Row]) -> list[Row]:
    """What is looked through: each passage, or parts of one that is longer than the models read. Rows with passage (its
    place in the book), heading and text."""
    return [
        {"passage": place, "heading": part.heading, "text": part.text}
        for place, row in enumerate(passages)
        for part in _parts(row)
    ]


def answers(passage: Row, question: Row) -> bool:
    """Whether a question says that it is answered there."""
    names = names_of(passage["section"], passage["heading"])
    return passage["passage_id"] in question["passage_ids"] or is_any(question["sections"], names)


def placed(passages: Sequence[Row], questions: Sequence[Row]) -> tuple[list[Row], list[str]]:
    """The questions with their places as the book has them: a whole number that it has and they write as a fraction, or
    nothing for N/A and the like, which it has not. And what to know of that."""
    ids, names = _places(passages)
    other_ids = dict.fromkeys(one for row in questions for one in row["passage_ids"] if one not in ids)
    others = dict.fromkeys(one for row in questions for one in row["sections"] if not is_any([one], names))
    same_ids, same = as_known(other_ids, ids), as_known(others, names)
    found = [
        row
        | {
            "passage_ids": _as_it_has(row["passage_ids"], other_ids, same_ids),
            "sections": _as_it_has(row["sections"], others, same),
        }
        for row in questions
    ]
    return found, [
        *rewritten(same_ids, "passage_id in questions", "passages"),
        *rewritten(same, "section in questions", "passages"),
    ]


def misplaced(passages: Sequence[Row], questions: Sequence[Row]) -> int:
    """How many questions that the book may answer name only places that no passage has."""
    ids, names = _places(passages)
    named = [row for row in questions if row["answerable"] is not False and (row["passage_ids"] or row["sections"])]
    return sum(not (ids & set(row["passage_ids"]) or is_any(row["sections"], names)) for row in named)


def unread_places(passages: Sequence[Row], questions: Sequence[Row]) -> Iterator[str]:
    """What to know of places that look like lists of several."""
    places = (one for row in questions for one in (*row["sections"], *row["passage_ids"]))
    yield from unlisted((row["section"] for row in passages), "sections of passages")
    yield from unlisted(places, "places of questions")


def _places(passages: Sequence[Row]) -> tuple[set[str], set[str]]:
    """The ids of passages, and everything by which their sections may be named."""
    ids = {row["passage_id"] for row in passages}
    return ids, {name for row in passages for name in names_of(row["section"], row["heading"])}


def _as_it_has(places: Sequence[str], others: Container[str], same: Mapping[str, str]) -> list[str]:
    return [same.get(one, one) for one in places if not (one in others and is_missing(one))]


def _parts(row: Row) -> Sequence[Passage]:
    whole = Passage("text", row["heading"], row["text"])
    return [whole] if len(whole.text) <= MAXIMUM_CHARACTERS else _cut(row["heading"], row["text"]) or [whole]


def _cut(heading: str, text: str) -> list[Passage]:
    return cut({"title": "", "body": text, "assignment": None, "quiz": None}, heading)


def _passage(number: int, raw: dict[str, Any]) -> Row:
    chapter, title, own, section = (_path(number, raw, name) for name in (*_WORDS, "section"))
    heading = _joined(chapter, _titled(section, _joined(title, own)))
    return {
        "passage_id": _path(number, raw, "passage_id") or str(number),
        "section": section or heading,
        "within": _joined(chapter, section) if section else heading,
        "heading": heading,
        "text": _path(number, raw, "text") if isinstance(raw["text"], list) else raw["text"],
    }


def _path(number: int, raw: dict[str, Any], name: str) -> str:
    return PATH.join(listed(raw.get(name, ""), f"passages, row {number}: {name}"))


def _titled(section: str, title: str) -> str:
    """A section with its title; a number stands before it, as in a book."""
    if not is_number(section):
        return _joined(section, title)
    return title if number_of(title) == number_of(section) else f"{section} {title}".strip()


def _joined(*parts: str) -> str:
    return PATH.join(dict.fromkeys(one for part in parts for one in part.split(PATH) if one))


def _chapters(folder: Path) -> list[Row]:
    files = [path.relative_to(folder) for path in text_files(folder)]
    often = Counter(path.with_suffix("") for path in files)
    return [
        dict.fromkeys(("section", "within", "heading"), part.heading)
        | {"passage_id": f"{name}:{number}", "text": part.text}
        for path in files
        for name in [str(path.with_suffix("") if often[path.with_suffix("")] == 1 else path)]
        for number, part in enumerate(_cut(name, read_text(folder / path)), 1)
    ]


def _question(number: int, raw: dict[str, Any]) -> Row:
    return {
        "question_id": raw.get("question_id") or str(number),
        "question": raw["question"],
        "sections": listed(raw.get("section", ""), f"questions, row {number}: section"),
        "passage_ids": listed(raw.get("passage_id", ""), f"questions, row {number}: passage_id"),
        "answerable": yes_or_no(raw.get("answerable"), f"questions, row {number}: answerable"),
    }
