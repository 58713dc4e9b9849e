"""Reading CSV files that people made with whatever they had."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployments.kit.csv_import import MAXIMUM_ROWS, Faults, ImportRefused, Row, RowOutcome, parse
from deployments.kit.errors import Invalid

# Cells as a spreadsheet may hold them: also with delimiters, quotes and line breaks inside.
cells = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)


@given(
    st.lists(st.tuples(cells, cells), min_size=1, max_size=20),
    st.sampled_from([",", ";", "\t"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    st.sampled_from(["\n", "\r\n"]),
)
def test_what_was_written_is_read(rows: list[tuple[str, str]], delimiter: str, encoding: str, ending: str) -> None:
    file = io.StringIO(newline="")
    writer = csv.writer(file, delimiter=delimiter, lineterminator=ending, quoting=csv.QUOTE_ALL)
    writer.writerow(["E-Mail Address", " name "])
    writer.writerows(rows)
    expected = [
        Row(number, {"e-mail_address": first.strip(), "name": second.strip()})
        for number, (first, second) in enumerate(rows, 2)
        if first.strip() or second.strip()
    ]
    body = file.getvalue().encode(encoding)
    if not expected:
        with pytest.raises(Invalid, match="not valid"):
            parse(body, required=["e-mail_address"], optional=["name"])
        return
    assert parse(body, required=["e-mail_address"], optional=["name"]) == expected


@given(st.binary(max_size=300))
def test_no_file_breaks_the_reader(body: bytes) -> None:
    try:
        rows = parse(b"email\n" + body, required=["email"])
    except Invalid:
        return
    assert rows
    assert all(row["email"] and row["absent"] == "" for row in rows)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "missing_column"),
        (b"name\nx", "missing_column"),
        (b"email\n", "empty"),
        (b"email\n\n \n", "empty"),
        (b"email,mail\nx,y", "unknown_column"),
        (b"email,email\nx,y", "doubled_column"),
        (b"email\nx,y", "too_many_cells"),
        (b'email\n"x', "malformed"),
        (b"email\n\xe4", "encoding"),
        (b"\xff\xfee", "encoding"),
        (b"email\nx\0", "null_character"),
        (b"email\n" + b"x\n" * (MAXIMUM_ROWS + 1), "too_many_rows"),
    ],
)
def test_files_that_are_no_table(body: bytes, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        parse(body, required=["email"], optional=["name"])
    assert [error["code"] for error in refused.value.extra["errors"]] == [code]


def test_short_rows_and_trailing_empty_cells_pass() -> None:
    rows = parse(b"email,name\nx\ny,z,,\n", required=["email"], optional=["name"])
    assert [(row.number, row["email"], row["name"]) for row in rows] == [(2, "x", ""), (3, "y", "z")]


def test_a_report_names_every_fault_in_order() -> None:
    rows = [Row(number, {}) for number in (2, 3, 4)]
    faults = Faults()
    faults.refuse()
    faults.add(rows[2], None, "late", "last")
    faults.add(rows[0], "email", "bad", "first")
    faults.add(rows[0], "name", "bad", "second")
    assert rows[0] in faults
    assert rows[1] not in faults
    report = faults.report(rows, [RowOutcome(row=3, outcome="created")], dry_run=True)
    assert (report.applied, report.rows, report.counts) == (False, 3, {"created": 1, "invalid": 2})
    assert [fault.row for fault in report.faults] == [2, 2, 4]
    with pytest.raises(ImportRefused) as refused:
        faults.refuse()
    assert [error["pointer"] for error in refused.value.extra["errors"]] == [
        "/body/rows/2/email", "/body/rows/2/name", "/body/rows/4",
    ]  # fmt: skip
