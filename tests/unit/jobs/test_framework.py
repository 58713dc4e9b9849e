"""Jobs: done once, gone on with, idempotent, and clear about what is missing."""

from __future__ import annotations

import csv
import errno
import inspect
import io
import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner

from jobs import catalogue
from jobs.framework import Job, MissingColumns, MissingData, OutFile, Run, job, read_table, write_rows
from jobs.framework.errors import Busy, JobError
from jobs.framework.journal import Journal
from jobs.framework.rows import in_batches
from jobs.framework.summary import show
from jobs.framework.tables import table_files
from tests.unit.jobs.doubling import double_numbers

runner = CliRunner()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    write_rows(folder / "numbers.csv", ({"number": n} for n in range(95)))
    (tmp_path / "log.stumble").write_text("")
    return folder


def start(job: Job, data: Path, *options: str) -> Any:
    out = data.parent / "out.csv"
    log = data.parent / "log"
    return runner.invoke(job.app, ["--data", str(data), "--out", str(out), "--log", str(log), *options])


def doubles(data: Path) -> list[dict[str, str]]:
    with (data.parent / "out.csv").open() as file:
        return list(csv.DictReader(file))


def worked_on(data: Path) -> Counter[str]:
    return Counter((data.parent / "log").read_text().split())


@pytest.mark.parametrize("workers", ["1", "2"])
def test_every_row_is_worked_on_once_and_written_in_order(data: Path, workers: str) -> None:
    result = start(double_numbers, data, "--workers", workers, "--json")
    assert result.exit_code == 0, result.output
    assert [(int(row["number"]), int(row["double"])) for row in doubles(data)] == [(n, 2 * n) for n in range(95)]
    assert set(worked_on(data).values()) == {1}
    assert json.loads(result.stdout)["rows"] == 95
    assert not (data.parent / "out.csv.partial").exists()


def test_a_run_that_was_stopped_goes_on_where_it_was(data: Path) -> None:
    (data.parent / "log.stumble").write_text("55")
    stopped = start(double_numbers, data, "--workers", "1")
    assert stopped.exit_code == 130
    assert not (data.parent / "out.csv").exists()

    (data.parent / "log.stumble").write_text("")
    again = start(double_numbers, data, "--workers", "1", "--json")
    assert again.exit_code == 0
    assert json.loads(again.stdout)["resumed_after"] == 50
    assert len(doubles(data)) == 95
    done_twice = {number for number, times in worked_on(data).items() if times > 1}
    assert done_twice == {str(n) for n in range(50, 60)}  # the batch that had no result yet


def test_what_is_done_is_not_done_again_unless_asked(data: Path) -> None:
    first = start(double_numbers, data, "--workers", "1", "--json")
    second = start(double_numbers, data, "--workers", "1", "--json")
    assert json.loads(second.stdout) == json.loads(first.stdout)
    assert set(worked_on(data).values()) == {1}
    start(double_numbers, data, "--workers", "1", "--again")
    assert set(worked_on(data).values()) == {2}


def test_other_data_is_other_work(data: Path) -> None:
    start(double_numbers, data, "--workers", "1")
    write_rows(data / "numbers.csv", [{"number": 7}])
    start(double_numbers, data, "--workers", "1")
    assert doubles(data) == [{"number": "7", "double": "14"}]


def test_other_options_start_afresh_after_a_stop(data: Path) -> None:
    (data.parent / "log.stumble").write_text("55")
    start(double_numbers, data, "--workers", "1")
    (data.parent / "log.stumble").write_text("")
    again = start(double_numbers, data, "--workers", "1", "--json", "--batch-size", "7")
    assert "resumed_after" not in json.loads(again.stdout)
    assert len(doubles(data)) == 95


def test_what_fails_while_a_worker_loads_is_told(data: Path) -> None:
    (data.parent / "log.stumble").write_text("-2")
    failed = start(double_numbers, data, "--workers", "2")
    assert failed.exit_code == 1
    assert "lacks the columns 'weights'" in failed.output


def test_a_worker_that_dies_is_told_and_what_is_done_stays(data: Path) -> None:
    (data.parent / "log.stumble").write_text("-3")
    died = start(double_numbers, data, "--workers", "2")
    assert died.exit_code == 1
    assert "The same command goes on" in died.output
    (data.parent / "log.stumble").write_text("")
    assert start(double_numbers, data, "--workers", "2").exit_code == 0
    assert len(doubles(data)) == 95


def test_an_output_among_the_data_is_no_part_of_them(data: Path) -> None:
    out = ["--out", str(data / "out.csv"), "--workers", "1", "--json"]
    (data.parent / "log.stumble").write_text("55")
    assert start(double_numbers, data, *out).exit_code == 130
    (data.parent / "log.stumble").write_text("")
    assert json.loads(start(double_numbers, data, *out).stdout)["resumed_after"] == 50
    assert json.loads(start(double_numbers, data, *out).stdout)["resumed_after"] == 50  # nothing was done again
    assert [path.name for path in table_files(data, "numbers")] == ["numbers.csv"]


def test_two_processes_do_not_write_the_same_output(tmp_path: Path) -> None:
    first = Journal(tmp_path / "out", "one")
    first.open()
    with pytest.raises(Busy):
        Journal(tmp_path / "out", "one").open()
    first.release()
    Journal(tmp_path / "out", "one").open()


def test_a_missing_folder_table_or_column_is_named(tmp_path: Path) -> None:
    result = start(double_numbers, tmp_path / "nowhere")
    assert result.exit_code == 1
    assert f"There is no folder {tmp_path / 'nowhere'}" in result.output
    with pytest.raises(MissingData, match="no table numbers"):
        read_table(tmp_path, "numbers", ["number"])
    write_rows(tmp_path / "numbers.csv", [{"figure": 1}])
    with pytest.raises(MissingColumns, match=r"lacks the columns 'number'.*It has: 'figure'"):
        read_table(tmp_path, "numbers", ["number"])


@pytest.mark.parametrize("name", ["grades.xlsx", "grades", "grades.csv.zip"])
def test_a_suffix_that_rows_are_not_written_to_is_told_before_the_work(data: Path, name: str) -> None:
    refused = start(double_numbers, data, "--out", str(data.parent / name))
    assert refused.exit_code == 2
    assert "Rows are written to .csv" in " ".join(refused.output.replace("│", " ").split())
    assert not (data.parent / "log").exists()
    assert not (data.parent / f"{name}.partial").exists()


def test_a_summary_takes_any_text_as_text() -> None:
    console = Console(file=io.StringIO(), width=120)
    show(console, "job", {"warnings": ["a [/b] c"], "failed": [{"text": "[1] says [/red]"}]})
    assert "a [/b] c" in console.file.getvalue()  # type: ignore[attr-defined]
    assert "[1] says [/red]" in console.file.getvalue()  # type: ignore[attr-defined]


def test_an_output_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    def broken() -> Any:
        yield {"a": 1}
        raise RuntimeError

    write_rows(tmp_path / "t.csv", [{"a": 0}])
    with pytest.raises(RuntimeError):
        write_rows(tmp_path / "t.csv", broken())
    assert (tmp_path / "t.csv").read_text() == "a\n0\n"
    assert [path.name for path in tmp_path.iterdir()] == ["t.csv"]


@job(platform=True)
def half_failing(run: Run) -> None:
    """Do three and fail at one."""
    run.note(done=3)
    run.fail("One failed.")


def test_a_gpu_is_refused_by_jobs_that_would_not_use_it(data: Path) -> None:
    refused = start(double_numbers, data, "--device", "gpu")
    assert refused.exit_code == 1
    assert "no model that runs on a GPU" in refused.output
    assert start(double_numbers, data, "--device", "cpu", "--workers", "1").exit_code == 0


def test_what_failed_does_not_hide_what_was_done() -> None:
    failed = runner.invoke(half_failing.app, ["--json"])
    assert failed.exit_code == 1
    assert json.loads(failed.stdout)["done"] == 3
    assert "One failed." in failed.stderr
    shown = runner.invoke(half_failing.app, [])
    assert "done" in shown.output


@pytest.mark.parametrize("entry", catalogue.entries(), ids=lambda entry: entry.name)
def test_every_job_takes_the_common_options(entry: catalogue.Entry) -> None:
    found = catalogue.find(entry.name)
    assert found is not None
    taken = {parameter.name for parameter in inspect.signature(found._command()).parameters.values()}
    assert {"where", "workers", "device", "again", "as_json"} <= taken


@job(platform=True)
def all_done(run: Run) -> None:
    """Do nothing."""
    run.note(done=0)


def test_an_option_that_means_nothing_to_a_job_is_said_to() -> None:
    ran = runner.invoke(all_done.app, ["--where", "local", "--again", "--device", "cpu", "--json"])
    assert ran.exit_code == 0, ran.output
    where, again = json.loads(ran.stdout)["warnings"]
    assert where.startswith("--where is not used by all-done")
    assert again.startswith("--again is not used by all-done")
    assert "warnings" not in json.loads(runner.invoke(all_done.app, ["--json"]).stdout)
    assert "no model that runs on a GPU" in runner.invoke(all_done.app, ["--device", "gpu"]).output
    assert "not used: it works where it is started" in " ".join(
        runner.invoke(all_done.app, ["--help"], terminal_width=200).output.split()
    )


@job()
def half_written(run: Run, out: OutFile) -> None:
    """Write one row and fail at another."""
    run.fail("One failed.")
    run.write([{"n": 1}])


def test_what_failed_does_not_keep_the_rest_from_being_written_and_is_tried_again(tmp_path: Path) -> None:
    out = tmp_path / "rows.csv"
    for _ in range(2):
        failed = runner.invoke(half_written.app, ["--out", str(out)])
        assert failed.exit_code == 1
        assert "One failed." in failed.stderr
        assert "is there already" not in failed.output
        assert out.read_text() == "n\n1\n"
        assert json.loads((tmp_path / "rows.csv.summary.json").read_text())["failures"] == ["One failed."]


def test_what_reading_warns_of_is_a_warning_of_the_run(data: Path) -> None:
    (data / "numbers.csv").write_text("number,other\n1,a\n,\n2,b\n,\n")
    ran = start(double_numbers, data, "--workers", "1", "--json")
    assert [float(row["double"]) for row in doubles(data)] == [2, 4]
    assert json.loads(ran.stdout)["warnings"] == [
        f"{data / 'numbers.csv'}: rows with all columns empty, which are left out: 2."
    ]
    assert "left out: 2." in ran.stderr


def test_what_is_there_is_not_said_to_be_missing(data: Path) -> None:
    refused = start(double_numbers, data / "numbers.csv")
    assert refused.exit_code == 1
    assert f"{data / 'numbers.csv'} is a file. Give the folder that it is in." in refused.output
    (data / "words.parquet").mkdir()
    assert [path.name for path in table_files(data, "tables")] == ["numbers.csv"]
    with pytest.raises(MissingData, match=r"no table words.* Folders, which are not read as tables: words\.parquet\."):
        read_table(data, "words", ["word"])
    (data / "numbers.csv").unlink()
    with pytest.raises(MissingData, match=r"no tables: .* Folders, .*: words\.parquet\."):
        table_files(data, "tables")


@pytest.mark.parametrize("out", ["a file/out.csv", "/proc/out.csv", "taken.csv"])
def test_an_output_that_cannot_be_written_is_named(data: Path, out: str) -> None:
    (data.parent / "a file").touch()
    (data.parent / "taken.csv.partial").touch()
    refused = start(double_numbers, data, "--out", str(data.parent / out))
    assert refused.exit_code == 1, refused.exception
    assert refused.output.startswith(f"✗ {data.parent / out}.partial: ")


def test_data_that_cannot_be_read_are_named(data: Path) -> None:
    (data / "broken.csv").symlink_to("/proc/self/mem")  # nothing is where a process has no memory
    refused = start(double_numbers, data)
    assert refused.exit_code == 1, refused.exception
    assert f"{data / 'broken.csv'}: Input/output error." in refused.output


def test_a_full_disk_is_told_with_the_file_that_is_written(tmp_path: Path) -> None:
    def too_many() -> Any:
        yield {"n": 1}
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(JobError, match=r"out\.csv: No space left on device\."):
        write_rows(tmp_path / "out.csv", too_many())
    assert not list(tmp_path.iterdir())


def test_batches_are_the_rows_in_order() -> None:
    rows = [{"n": n} for n in range(7)]
    batches = list(in_batches(rows, 3))
    assert [row for batch in batches for row in batch.rows] == rows
    assert [batch.index for batch in batches] == [0, 1, 2]


@pytest.mark.parametrize("entry", catalogue.entries(), ids=lambda entry: entry.name)
def test_every_module_of_the_package_is_a_job_with_a_sentence(entry: catalogue.Entry) -> None:
    found = catalogue.find(entry.name)
    assert found is not None
    assert found.name == entry.name
    assert entry.summary.endswith(".")
