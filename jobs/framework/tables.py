"""Tables in folders, and the identity of what was read."""

from __future__ import annotations

import hashlib
import warnings
import zlib
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jobs.framework.csv_files import require_whole_rows
from jobs.framework.errors import DataWarning, MissingColumns, MissingData, UnusableData, naming
from jobs.framework.json_files import is_settings, json_lines, json_rows
from jobs.framework.rows import column_key

if TYPE_CHECKING:
    import pandas as pd

SUFFIXES = (".csv", ".csv.gz", ".jsonl", ".jsonl.gz", ".parquet", ".json", ".json.gz")
_SUMMARY = ".summary.json"  # what a job says of its output, beside it
_CHUNK_BYTES = 1 << 20
# What stands for nothing in a column of numbers; "?" in the Open University's own files.
MISSING = ("", "?", "NA", "N/A", "n/a", "NaN", "nan", "None", "null", "NULL")


def require_folder(folder: Path) -> Path:
    """The folder, if it is one. Raises `MissingData`."""
    if folder.is_file():
        raise MissingData(f"{folder} is a file. Give the folder that it is in.")
    if not folder.is_dir():
        raise MissingData(f"There is no folder {folder}.")
    return folder


def table_path(folder: Path, name: str) -> Path | None:
    """Where the table is: NAME with one of the suffixes; None where it is not."""
    files = {_plain(path): path for path in sorted(folder.iterdir(), reverse=True) if path.is_file()}
    return next((files[name + suffix] for suffix in SUFFIXES if name + suffix in files), None)


def _plain(path: Path) -> str:
    """Its name with the suffix in small letters."""
    stem, dot, suffix = path.name.partition(".")
    return f"{stem}{dot}{suffix.lower()}"


def is_hidden(path: Path, folder: Path) -> bool:
    """Whether it, or a folder on the way to it, begins with a dot: what systems and editors keep there is no data."""
    return any(part.startswith(".") for part in path.relative_to(folder).parts)


def tables_in(folder: Path, columns: Collection[str] = ()) -> list[Path]:
    """Every table of a folder, in the order of their names, but for what is hidden and what jobs have written there (a
    summary lies beside it). JSON without rows, as of settings, is none, unless it has the columns."""
    return sorted(
        path
        for path in folder.iterdir()
        if path.name.lower().endswith(SUFFIXES)
        and path.is_file()
        and not is_hidden(path, folder)
        and not path.name.endswith(_SUMMARY)
        and not path.with_name(f"{path.name}{_SUMMARY}").exists()
        and not (_is_json(path) and is_settings(path, columns))
    )


def table_files(folder: Path, what: str, columns: Collection[str] = ()) -> list[Path]:
    """As `tables_in`. Raises `MissingData`, which says `what` is not there."""
    files = tables_in(require_folder(folder), columns)
    if not files:
        looked = f"looked for files that end in {', '.join(SUFFIXES)}"
        raise MissingData(f"{folder} has no {what}: {looked}.{_folders_like(folder, SUFFIXES)}")
    return files


def _folders_like(folder: Path, endings: tuple[str, ...]) -> str:
    """A sentence on folders where files were looked for: a data set in parts is one."""
    found = [path.name for path in folder.iterdir() if path.name.lower().endswith(endings) and path.is_dir()]
    return f" Folders, which are not read as tables: {', '.join(sorted(found))}." if found else ""


def read_table(
    folder: Path,
    name: str,
    columns: Sequence[str],
    optional: Sequence[str] = (),
    *,
    text: Collection[str] = (),
    numbers: Collection[str] = (),
) -> pd.DataFrame:
    """The table NAME of a folder with the columns asked for, and the optional ones that it has.

    Columns in `text` come as they are written: `007` and `1.10` stay so, as do `NA` and `None`, and what is missing is
    the empty text; a list (JSON Lines, Parquet) stays a list. In all others what looks like numbers is numbers, and
    what is missing is NaN. Columns in `numbers` are floats, or the table is unusable.

    Rows in which all of them are empty, as spreadsheets leave them, are left out with a `DataWarning`, and there is one
    where no row is left.

    Raises `MissingData`, `MissingColumns` and `UnusableData`.
    """
    path = table_path(require_folder(folder), name)
    if path is None:
        names = tuple(name + suffix for suffix in SUFFIXES)
        raise MissingData(f"{folder} has no table {name}: looked for {', '.join(names)}.{_folders_like(folder, names)}")
    table = read_file(path, columns, optional, text=text)
    return table.assign(**{name: _floats(path, table[name]) for name in numbers if name in table})


def read_file(
    path: Path, columns: Sequence[str], optional: Sequence[str] = (), *, text: Collection[str] = ()
) -> pd.DataFrame:
    """As `read_table`, of one file."""
    if not path.is_file():
        raise MissingData(f"There is no file {path}.")
    try:
        read = _csv if path.name.lower().endswith((".csv", ".csv.gz")) else _records
        table = _without_empty_rows(path, read(path, columns, optional, text))
    except (ValueError, OSError, EOFError, zlib.error) as error:  # pandas' and pyarrow's own are ValueErrors
        raise UnusableData(f"{path} cannot be read: {error}") from error
    if table.empty:
        warnings.warn(f"{path} has no rows.", DataWarning, stacklevel=2)
    return table


def as_text(value: Any) -> str:
    """A value as text, trimmed; empty for what is missing. A whole number that a table held as a fraction, because
    others of its column were missing, is the whole number."""
    if value is None or value != value:
        return ""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()


def _csv(path: Path, columns: Sequence[str], optional: Sequence[str], text: Collection[str]) -> pd.DataFrame:
    import pandas as pd

    held = _columns(path, list(pd.read_csv(path, nrows=0)), columns, optional)
    require_whole_rows(path)
    found = list(held.values())
    missing = {held[name]: [] if name in text else list(MISSING) for name in held}
    types = {held[name]: str for name in held if name in text}
    table = pd.read_csv(path, usecols=found, dtype=types, keep_default_na=False, na_values=missing, low_memory=False)
    for name in types:
        table[name] = table[name].fillna("").str.strip()  # a row of commas that ends early has none
    return table[found].set_axis(list(held), axis="columns")


def _records(path: Path, columns: Sequence[str], optional: Sequence[str], text: Collection[str]) -> pd.DataFrame:
    import pandas as pd

    if path.suffix.lower() == ".parquet":
        import pyarrow.parquet as pq

        # Not by pandas, which makes fractions of whole numbers where one is missing.
        stored = pq.read_table(path)
        held = _columns(path, stored.column_names, columns, optional)
        values = {name: stored.column(found).to_pylist() for name, found in held.items()}
    else:
        rows = json_rows(path, columns) if _is_json(path) else list(json_lines(path))
        found = list(dict.fromkeys(name for row in rows for name in row))
        held = _columns(path, found if rows else list(columns), columns, optional)
        values = {name: [row.get(found) for row in rows] for name, found in held.items()}
    parts = {
        name: pd.Series([_kept(value) for value in own], dtype=object) if name in text else _guessed(own)
        for name, own in values.items()
    }
    return pd.DataFrame(parts, columns=list(held))


def _without_empty_rows(path: Path, table: pd.DataFrame) -> pd.DataFrame:
    empty = (table.isna() | (table == "")).all(axis="columns")
    if not empty.any():
        return table
    warnings.warn(
        f"{path}: rows with all columns empty, which are left out: {empty.sum():,}.", DataWarning, stacklevel=2
    )
    return table[~empty].reset_index(drop=True)


def _columns(path: Path, found: list[str], columns: Sequence[str], optional: Sequence[str]) -> dict[str, str]:
    """What the table calls each column: as it is asked for, or else the one name that differs in its case and in spaces
    around it alone. Raises `MissingColumns`."""
    alike: dict[str, list[str]] = {}
    for name in found:
        alike.setdefault(column_key(name), []).append(name)
    held = {}
    for column in (*columns, *optional):
        names = [column] if column in found else alike.get(column_key(column), [])
        if len(names) == 1:
            held[column] = names[0]
    missing = set(columns) - set(held)
    if missing:
        raise MissingColumns(path, missing, found)
    return held


def _kept(value: Any) -> str | list[Any]:
    return value if isinstance(value, list) else as_text(value)


def _guessed(values: list[Any]) -> pd.Series:
    import pandas as pd

    known = pd.Series([None if isinstance(value, str) and value in MISSING else value for value in values])
    try:
        return pd.to_numeric(known)
    except (ValueError, TypeError):
        return known


def _floats(path: Path, values: pd.Series) -> pd.Series:
    import pandas as pd

    found = pd.to_numeric(values, errors="coerce").astype(float)
    odd = values[found.isna() & values.notna()]
    if len(odd):
        raise UnusableData(f"{path}: the column {values.name} must hold numbers, and holds {odd.iloc[0]!r}.")
    return found


def _is_json(path: Path) -> bool:
    return path.name.lower().endswith((".json", ".json.gz"))


def folder_hash(path: Path, besides: Path | None = None) -> str:
    """SHA-256 over the names and contents of a file or of all files of a folder: the same data, the same hash. What is
    hidden does not count, nor what is being written to `besides` and lies beside that. Raises `JobError`."""
    total = hashlib.sha256()
    files = sorted(_visible_files(path)) if path.is_dir() else [path]
    if besides is not None:
        files = [file for file in files if not _belongs(file.resolve(), besides.resolve())]
    for file in files:
        total.update(f"{file.relative_to(path) if file != path else ''}\0".encode())
        total.update(_file_hash(file))
    return total.hexdigest()


def _visible_files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file() and not is_hidden(path, folder))


def _belongs(file: Path, out: Path) -> bool:
    """Whether a job that writes to `out` has made the file: itself, its summary, what is done so far."""
    if out.parent not in file.parents:
        return False
    return file.relative_to(out.parent).parts[0] in (out.name, f"{out.name}{_SUMMARY}", f"{out.name}.partial")


def _file_hash(file: Path) -> bytes:
    content = hashlib.sha256()
    with naming(file), file.open("rb") as opened:
        while chunk := opened.read(_CHUNK_BYTES):
            content.update(chunk)
    return content.digest()
