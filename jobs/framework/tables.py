"""Tables in folders, and the identity of what was read."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from jobs.framework.errors import MissingColumns, MissingData, UnusableData

if TYPE_CHECKING:
    import pandas as pd

SUFFIXES = (".csv", ".csv.gz", ".parquet")
_CHUNK_BYTES = 1 << 20


def require_folder(folder: Path) -> Path:
    """The folder, if it is one. Raises `MissingData`."""
    if not folder.is_dir():
        raise MissingData(f"There is no folder {folder}.")
    return folder


def table_path(folder: Path, name: str) -> Path | None:
    """Where the table is: NAME.csv, NAME.csv.gz or NAME.parquet; None where it is not."""
    return next((path for suffix in SUFFIXES if (path := folder / f"{name}{suffix}").is_file()), None)


def read_table(folder: Path, name: str, columns: Sequence[str], optional: Sequence[str] = ()) -> pd.DataFrame:
    """The table NAME.csv, NAME.csv.gz or NAME.parquet of a folder with the columns asked for, and the optional ones
    that it has. Nothing is taken for a number that is not one; empty cells are NaN.

    Raises `MissingData`, `MissingColumns` and `UnusableData`.
    """
    path = table_path(require_folder(folder), name)
    if path is None:
        raise MissingData(
            f"{folder} has no table {name}: looked for {', '.join(name + suffix for suffix in SUFFIXES)}."
        )
    return read_file(path, columns, optional)


def read_file(path: Path, columns: Sequence[str], optional: Sequence[str] = ()) -> pd.DataFrame:
    """As `read_table`, of one file."""
    import pandas as pd

    if not path.is_file():
        raise MissingData(f"There is no file {path}.")
    try:
        table = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)
    except (ValueError, OSError) as error:  # pandas' and pyarrow's own are ValueErrors
        raise UnusableData(f"{path} cannot be read: {error}") from error
    missing = set(columns) - set(table.columns)
    if missing:
        raise MissingColumns(path, missing, map(str, table.columns))
    return table[[*columns, *(column for column in optional if column in table.columns)]]


def folder_hash(path: Path) -> str:
    """SHA-256 over the names and contents of a file or of all files of a folder: the same data, the same hash."""
    total = hashlib.sha256()
    files = sorted(found for found in path.rglob("*") if found.is_file()) if path.is_dir() else [path]
    for file in files:
        total.update(f"{file.relative_to(path) if file != path else ''}\0".encode())
        total.update(_file_hash(file))
    return total.hexdigest()


def _file_hash(file: Path) -> bytes:
    content = hashlib.sha256()
    with file.open("rb") as opened:
        while chunk := opened.read(_CHUNK_BYTES):
            content.update(chunk)
    return content.digest()
