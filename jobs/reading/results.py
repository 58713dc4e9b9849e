"""Folders of results: every table in them with the columns user_id, skill_name and correct, a row for each answer.

Rows of a learner are in the order in which they may be looked at. `user_id` is either a name, the same in all rows of a
learner; or, as in the tables that come with pyBKT, the number of rows of the learner, who then is a block of that many
rows. Which of them is decided once for a folder (`jobs.reading.blocks`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jobs.framework.errors import UnusableData
from jobs.framework.rows import Row
from jobs.framework.tables import as_text, read_file, table_files
from jobs.reading.blocks import Learners, Told, cut, told
from jobs.reading.values import yes_or_no

_NEEDED = ("user_id", "skill_name")


@dataclass(frozen=True)
class Results:
    """A row for each learner: `learner`, `rows` (places in the folder's files one after another), `skills` and `right`
    (1, 0, or None where it is not known); and how learners were told apart."""

    learners: list[Row]
    told: Told


@dataclass(frozen=True)
class _Table:
    file: str
    users: Sequence[str]
    skills: Sequence[str]
    right: Sequence[int | None]


def read_results(folder: Path, *, graded: bool, learners: Learners = Learners.AUTO) -> Results:
    """The learners of a folder in the order of their first rows. With `graded` every answer must be right or wrong.

    A name in several files is one learner. Raises `JobError`.
    """
    tables = [_table(path, graded=graded) for path in table_files(folder, "results", _NEEDED)]
    how = told([table.users for table in tables], learners)
    found: dict[str, Row] = {}
    first = 0
    for table in tables:
        prefix = f"{table.file}:" if how.blocks and len(tables) > 1 else ""
        _add(found, table, [f"{prefix}{one}" for one in (cut(table.users) if how.blocks else table.users)], first)
        first += len(table.users)
    return Results(list(found.values()), how)


def _table(path: Path, *, graded: bool) -> _Table:
    columns, optional = (["correct"], []) if graded else ([], ["correct"])
    table = read_file(path, [*_NEEDED, *columns], optional, text=set(_NEEDED))
    if "correct" not in table:
        table["correct"] = None
    right = [_right(path, value) for value in table["correct"]]
    known = [one for one in right if one is not None]
    if graded and len(known) < len(table):
        raise UnusableData(f"{path}: the column correct is empty in {len(table) - len(known)} rows.")
    users, skills = ([as_text(value) for value in table[name]] for name in _NEEDED)
    if not (all(users) and all(skills)):
        raise UnusableData(f"{path}: user_id or skill_name is empty in some rows.")
    return _Table(path.name, users, skills, right)


def _right(path: Path, value: Any) -> int | None:
    right = yes_or_no(value, f"{path}: correct")
    return None if right is None else int(right)


def _add(found: dict[str, Row], table: _Table, owners: Sequence[str], first: int) -> None:
    for place, (owner, skill, right) in enumerate(zip(owners, table.skills, table.right, strict=True), first):
        own = found.get(owner)
        if own is None:
            own = found[owner] = {"learner": owner, "rows": [], "skills": [], "right": []}
        own["rows"].append(place)
        own["skills"].append(skill)
        own["right"].append(right)
