"""A job for tests: doubles the numbers of a table, and may stumble on one of them."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from jobs.framework import DataFolder, MissingColumns, Row, RowsFile, Run, job, read_table
from jobs.framework.rows import Work

UNLOADABLE, DEADLY = -2, -3  # as what to stumble on: loading fails, the process dies


def doubler(log: Path, stumble_on: int) -> Work:
    if stumble_on == UNLOADABLE:
        raise MissingColumns(log, ["weights"], ["nothing"])

    def work(rows: list[Row]) -> list[Row]:
        with log.open("a") as file:
            file.writelines(f"{row['number']}\n" for row in rows)
        if any(row["number"] == stumble_on for row in rows):
            raise KeyboardInterrupt
        if stumble_on == DEADLY:
            os._exit(9)
        return [{"number": row["number"], "double": 2 * row["number"]} for row in rows]

    return work


@job()
def double_numbers(
    run: Run,
    data: DataFolder,
    out: RowsFile,
    log: Annotated[str, typer.Option()] = "/dev/null",
    batch_size: Annotated[int, typer.Option()] = 10,
) -> None:
    """Double every number of the table `numbers`."""
    rows = read_table(data, "numbers", ["number"]).to_dict("records")
    stumble_on = int(text) if (text := Path(f"{log}.stumble").read_text() if log != "/dev/null" else "") else -1
    results = run.each(rows, partial(doubler, Path(log), stumble_on), batch_size=batch_size)
    run.write(results, ["number", "double"])


main = double_numbers
