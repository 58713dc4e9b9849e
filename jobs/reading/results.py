"""Folders of results: every file in them with the columns user_id, skill_name and correct, a row for each answer.

Rows of a learner are in the order in which they may be looked at. `user_id` is either a name, the same in all rows of a
learner; or, as in the tables that come with pyBKT, the number of rows of the learner, who then is a block of that many
rows. It is taken for a number of rows where every stretch of rows with the same value can be cut into such blocks.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from jobs.framework.errors import MissingData, UnusableData
from jobs.framework.rows import Row
from jobs.framework.tables import SUFFIXES, read_file, require_folder

if TYPE_CHECKING:
    import pandas as pd


def read_results(folder: Path, *, graded: bool) -> list[Row]:
    """A row for each learner: `learner`, `rows` (places in the folder's files one after another), `skills` and `right`
    (1, 0, or None where it is not known; with `graded` that is refused). Raises `JobError`."""
    files = sorted(path for path in require_folder(folder).iterdir() if path.name.endswith(SUFFIXES))
    if not files:
        raise MissingData(f"{folder} has no results: looked for files that end in {', '.join(SUFFIXES)}.")
    learners: list[Row] = []
    first = 0
    for path in files:
        table = _table(path, graded=graded)
        learners += _learners(table, first, "" if len(files) == 1 else f"{path.name}:")
        first += len(table)
    return learners


def lengths_for_names(names: pd.Series) -> bool:
    """Whether the column holds the number of rows of each learner instead of a name."""
    import pandas as pd

    if not len(names) or not pd.api.types.is_integer_dtype(names) or names.min() < 1:
        return False
    values = names.to_numpy()
    starts = np.flatnonzero(np.r_[True, values[1:] != values[:-1]])
    runs = np.diff(np.r_[starts, len(values)])
    return bool((runs % values[starts] == 0).all())


def _table(path: Path, *, graded: bool) -> pd.DataFrame:
    table = read_file(path, ["user_id", "skill_name", *(["correct"] if graded else [])], [] if graded else ["correct"])
    if "correct" not in table:
        table["correct"] = None
    known = table["correct"].dropna()
    if not known.isin([0, 1]).all():
        raise UnusableData(f"{path}: the column correct holds other values than 0 and 1.")
    if graded and len(known) < len(table):
        raise UnusableData(f"{path}: the column correct is empty in {len(table) - len(known)} rows.")
    if table[["user_id", "skill_name"]].isna().any(axis=None):
        raise UnusableData(f"{path}: user_id or skill_name is empty in some rows.")
    return table


def _learners(table: pd.DataFrame, first: int, prefix: str) -> list[Row]:
    groups = (
        _blocks(table["user_id"]) if lengths_for_names(table["user_id"]) else table["user_id"].astype(str).to_numpy()
    )
    skills = table["skill_name"].astype(str).to_numpy()
    right = [None if value != value or value is None else int(value) for value in table["correct"]]
    places: dict[str, list[int]] = {}
    for place, group in enumerate(groups):
        places.setdefault(str(group), []).append(place)
    return [
        {
            "learner": f"{prefix}{group}",
            "rows": [first + place for place in own],
            "skills": [str(skills[place]) for place in own],
            "right": [right[place] for place in own],
        }
        for group, own in places.items()
    ]


def _blocks(lengths: pd.Series) -> list[int]:
    """The number of its block for each row."""
    blocks: list[int] = []
    while len(blocks) < len(lengths):
        here = int(lengths.iloc[len(blocks)])
        blocks += [(blocks[-1] + 1) if blocks else 1] * here
    return blocks
