"""What a job says when it is done: a table for people, JSON for programs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from jobs.framework.rows import Row


def show(console: Console, name: str, summary: Mapping[str, Any]) -> None:
    """Print a summary: its plain values as one table, each list of rows as another."""
    table = Table(title=name, show_header=False, title_justify="left")
    for label, value in summary.items():
        if not _is_table(value):
            table.add_row(_words(label), escape(_text(value)))
    console.print(table)
    for label, value in summary.items():
        if _is_table(value):
            console.print(_table(_words(label), value))


def _is_table(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(row, dict) for row in value)


def _table(title: str, rows: list[Row]) -> Table:
    columns = list(dict.fromkeys(column for row in rows for column in row))
    table = Table(title=title, title_justify="left")
    for column in columns:
        table.add_column(_words(column))
    for row in rows:
        table.add_row(*(escape(_text(row.get(column))) for column in columns))
    return table


def _words(label: str) -> str:
    return label.replace("_", " ")


def _text(value: object) -> str:
    match value:
        case None:
            return ""
        case float():
            return f"{value:.4g}"
        case dict():
            return ", ".join(f"{_words(str(label))} {_text(part)}" for label, part in value.items())
        case list():
            return ", ".join(map(_text, value))
    return str(value)
