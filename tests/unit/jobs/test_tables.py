"""Tables as jobs read and write them: alike in every format, and what is odd refused or warned of."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.framework import MissingColumns, UnusableData, read_table, write_rows
from jobs.framework.errors import DataWarning
from jobs.framework.outputs import FORMATS
from jobs.framework.tables import folder_hash, table_files
from jobs.reading.texts import text_files

TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=8).map(str.strip)
AWKWARD = st.sampled_from(["007", "1.10", "2", "2.0", "NA", "None", "null", "nan", "n/a", "1e5", "-", "True", ""])


@pytest.mark.parametrize("suffix", [form for form in FORMATS if form not in (".json", ".json.gz")])
@pytest.mark.parametrize("capitals", [False, True])
def test_what_is_written_is_read_again_whatever_the_suffix(tmp_path: Path, suffix: str, capitals: bool) -> None:
    rows = [{"n": 1, "t": "ä"}, {"n": 2, "t": "b"}]
    path = tmp_path / f"t{suffix.upper() if capitals else suffix}"
    assert write_rows(path, rows) == 2
    assert read_table(tmp_path, "t", ["n", "t"]).to_dict("records") == rows
    first = path.read_bytes()
    write_rows(path, rows)
    assert path.read_bytes() == first


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_tables_are_read_in_every_format(tmp_path: Path, suffix: str) -> None:
    write_rows(tmp_path / f"t{suffix}", [{"a": 1, "b": "x"}, {"a": 2, "b": None}])
    table = read_table(tmp_path, "t", ["a"], optional=["b", "c"])
    assert list(table.columns) == ["a", "b"]
    assert table["a"].tolist() == [1, 2]


@given(rows=st.lists(st.fixed_dictionaries({"n": st.integers(0, 9), "t": TEXTS}), max_size=4))
@settings(max_examples=20, deadline=None)
def test_an_array_in_json_has_every_row(rows: list[dict[str, Any]]) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "t.json"
        assert write_rows(path, rows, ["n", "t"]) == len(rows)
        assert json.loads(path.read_text()) == rows


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
@given(values=st.lists(st.tuples(TEXTS | AWKWARD, st.integers(0, 9)), min_size=1, max_size=12))
@settings(max_examples=40, deadline=None)
def test_texts_come_as_they_are_written_beside_numbers(suffix: str, values: list[tuple[str, int]]) -> None:
    with TemporaryDirectory() as folder:
        write_rows(Path(folder) / f"t{suffix}", ({"id": text, "number": number} for text, number in values))
        table = read_table(Path(folder), "t", ["number", "id"], text={"id"})
    assert list(table.columns) == ["number", "id"]
    assert table["id"].tolist() == [text for text, _ in values]
    assert table["number"].tolist() == [number for _, number in values]


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_missing_ids_do_not_make_fractions_of_the_others(tmp_path: Path, suffix: str) -> None:
    write_rows(tmp_path / f"t{suffix}", [{"id": 2, "n": 1}, {"id": None, "n": 3}, {"id": 10, "n": None}])
    table = read_table(tmp_path, "t", ["id", "n"], text={"id"})
    assert table["id"].tolist() == ["2", "", "10"]
    assert table["n"].isna().tolist() == [False, False, True]


def test_question_marks_are_missing_numbers_and_lists_stay_lists(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("n,t\n1,?\n?,x\n")
    table = read_table(tmp_path, "a", ["n", "t"], text={"t"})
    assert table["n"].sum() == 1
    assert table["t"].tolist() == ["?", "x"]
    with gzip.open(tmp_path / "b.jsonl.gz", "wt") as file:
        file.write('{"t": ["a", "b"], "n": 1}\n{"n": 2}\n{"t": 3.0}\n')
    assert read_table(tmp_path, "b", ["t", "n"], text={"t"})["t"].tolist() == [["a", "b"], "", "3"]


def test_a_file_that_was_cut_off_is_told(tmp_path: Path) -> None:
    for name in ("a.csv.gz", "b.jsonl.gz"):
        whole = gzip.compress(b'{"t": 1}\n' * 999)
        (tmp_path / name).write_bytes(whole[: len(whole) // 2])
        with pytest.raises(UnusableData, match="cannot be read"):
            read_table(tmp_path, name[0], ["t"])


@pytest.mark.parametrize("suffix", [".csv", ".CSV", ".csv.gz", ".Csv.GZ", ".jsonl", ".JSONL", ".jsonl.GZ"])
def test_tables_may_begin_with_a_mark_and_have_suffixes_in_capitals(tmp_path: Path, suffix: str) -> None:
    text = "n\n1\n" if "csv" in suffix.lower() else '{"n": 1}\n'
    content = text.encode("utf-8-sig")
    path = tmp_path / f"t{suffix}"
    path.write_bytes(gzip.compress(content) if suffix.lower().endswith(".gz") else content)
    assert table_files(tmp_path, "tables") == [path]
    assert list(read_table(tmp_path, "t", ["n"])["n"]) == [1]


@pytest.mark.parametrize(
    ("rows", "line"),
    [
        ("1,x\n2,In plants, what is osmosis?\n", 3),
        ("1,x\n\n2\n", 4),
        ('1,"x\ny"\n2,"a, b",c\n', 4),
        ("1,x\n2,y,\n3,z,,w\n", 4),
    ],
)
@pytest.mark.parametrize("suffix", [".csv", ".csv.gz"])
def test_a_row_that_is_too_long_or_too_short_is_named(tmp_path: Path, suffix: str, rows: str, line: int) -> None:
    content = f"n,t\n{rows}".encode("utf-8-sig")
    (tmp_path / f"t{suffix}").write_bytes(gzip.compress(content) if suffix == ".csv.gz" else content)
    with pytest.raises(UnusableData, match=rf"{suffix}, line {line}: the row has"):
        read_table(tmp_path, "t", ["t"], text={"t"})


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("header", ["n,t", "n,t,,", "\ufeffn,t"])
def test_commas_and_lines_with_nothing_behind_them_do_no_harm(tmp_path: Path, header: str, end: str) -> None:
    lines = [header, "1,x,,", "", '2,"a, b"', "  ", "3,y, ", '4,"two', 'lines"', f'5,"{"z" * 200_000}"']
    (tmp_path / "t.csv").write_text(end.join([*lines, ""]), newline="")
    table = read_table(tmp_path, "t", ["n", "t"], text={"t"})
    assert table["n"].tolist() == [1, 2, 3, 4, 5]
    assert table["t"].tolist() == ["x", "a, b", "y", f"two{end}lines", "z" * 200_000]


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".json", ".parquet"])
def test_capitals_and_spaces_around_do_not_hide_a_column(tmp_path: Path, suffix: str) -> None:
    write_rows(
        tmp_path / f"t{suffix}", [{" Number": 1, "text ": "x", "TEXT": "y", "Label": "a", "LABEL": "b", "k": 7, "K": 8}]
    )
    table = read_table(tmp_path, "t", ["number", "TEXT"], ["label", "k"], text={"TEXT"})
    assert table.to_dict("records") == [{"number": 1, "TEXT": "y", "k": 7}]
    with pytest.raises(MissingColumns, match=r"lacks the columns 'label'. It has: ' Number', 'text '"):
        read_table(tmp_path, "t", ["label"])


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".json", ".parquet"])
def test_rows_without_anything_are_left_out_and_counted(tmp_path: Path, suffix: str) -> None:
    rows = [
        {"n": 1, "t": "x", "other": None},
        {"n": None, "t": None, "other": "a note"},
        {"n": None, "t": "", "other": None},
        {"n": 2, "t": None, "other": None},
    ]
    write_rows(tmp_path / f"t{suffix}", rows)
    with pytest.warns(DataWarning, match=rf"t{suffix}: rows with all columns empty, which are left out: 2\."):
        table = read_table(tmp_path, "t", ["n"], ["t"], text={"t"})
    assert table.to_dict("records") == [{"n": 1, "t": "x"}, {"n": 2, "t": ""}]


def test_what_is_hidden_is_no_data(tmp_path: Path) -> None:
    folder = tmp_path / ".school" / "data"
    write_rows(folder / "a.csv", [{"n": 1}])
    (folder / "chapter.md").write_text("# Osmosis")
    seen = folder_hash(folder)
    (folder / "._a.csv").write_bytes(b"\x00\x05\x16\x07")
    write_rows(folder / ".ipynb_checkpoints" / "a-checkpoint.csv", [{"n": 2}])
    (folder / ".ipynb_checkpoints" / "chapter-checkpoint.md").write_text("# Osmosis")
    assert table_files(folder, "tables") == [folder / "a.csv"]
    assert text_files(folder) == [folder / "chapter.md"]
    assert folder_hash(folder) == seen
    assert folder_hash(folder / "._a.csv") != folder_hash(folder / "a.csv")  # a file that is named counts


@pytest.mark.parametrize(
    ("suffix", "content"),
    [
        (".json", '{"n": 1, "t": ["a"]}\n\n{"n": 2, "T": "b"}\n'),  # JSON Lines
        (".json.gz", '\ufeff{"n": 1, "t": ["a"]}\n{"n": 2, "t": "b"}'),
        (".json", '[{"n": 1, "t": ["a"]}, {"n": 2, "t": "b"}, {"n": NaN, "t": NaN}]'),
        (".jsonl", '{"n": 1, "t": ["a"]}\n{"n": NaN, "t": NaN}\n{"n": 2, "t": "b"}\n'),
        (".json", '{"t": [{"n": 1, "t": ["a"]}, {"n": 2, "t": "b"}]}'),
    ],
)
@pytest.mark.filterwarnings("ignore::jobs.framework.errors.DataWarning")
def test_json_comes_in_several_forms(tmp_path: Path, suffix: str, content: str) -> None:
    path = tmp_path / f"t{suffix}"
    path.write_bytes(gzip.compress(content.encode()) if suffix.endswith(".gz") else content.encode())
    assert table_files(tmp_path, "tables", ["n"]) == [path]
    assert list(read_table(tmp_path, "t", ["n"], ["t"])["n"]) == [1, 2]


def test_one_line_of_json_lines_is_a_row_and_settings_are_none(tmp_path: Path) -> None:
    (tmp_path / "t.json").write_text('{"n": 1, "t": [{"text": "a"}]}\n')
    (tmp_path / "settings.json").write_text('{"n": 1, "paths": {"t": "."}}')
    assert table_files(tmp_path, "tables", ["n", "t"]) == [tmp_path / "t.json"]
    assert read_table(tmp_path, "t", ["n", "t"]).to_dict("records") == [{"n": 1, "t": [{"text": "a"}]}]


@pytest.mark.parametrize("content", ['{"n": {"0": 1}, "T": {"0": "a"}}', '{"n": [1, 2], "t": ["a", "b"]}'])
def test_a_table_by_columns_is_told(tmp_path: Path, content: str) -> None:
    (tmp_path / "t.json").write_text(content)
    assert table_files(tmp_path, "tables", ["n", "t"]) == [tmp_path / "t.json"]
    with pytest.raises(UnusableData, match=r"t\.json is a table by columns.*orient='records'"):
        read_table(tmp_path, "t", ["n", "t"])


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("t.jsonl", '{"n": 1}\n{"n": NaN, "m": -Infinity}\n', "line 2: -Infinity is no number"),
        ("t.json", '{"n": 1}\n{"n": 2\n', "line 2: "),
        ("t.json", '[{"n": 1},\n{"n": 2]', "cannot be read: "),
        ("t.json", '{"n": 1}\n7\n', "line 2 is not an object"),
    ],
)
def test_json_that_is_broken_is_told_with_its_line(tmp_path: Path, name: str, content: str, told: str) -> None:
    (tmp_path / name).write_text(content)
    assert table_files(tmp_path, "tables", ["n"]) == [tmp_path / name]
    with pytest.raises(UnusableData, match=told):
        read_table(tmp_path, "t", ["n"])


@pytest.mark.parametrize(
    ("suffix", "content"), [(".csv", "n,t\n"), (".jsonl", ""), (".json", "[]"), (".csv", "n,t\n,\n")]
)
@pytest.mark.filterwarnings("ignore:.*rows with all columns empty")
def test_a_table_without_rows_is_one_and_is_warned_of(tmp_path: Path, suffix: str, content: str) -> None:
    path = tmp_path / f"t{suffix}"
    path.write_text(content)
    assert table_files(tmp_path, "tables", ["n", "t"]) == [path]
    with pytest.warns(DataWarning, match=rf"t{suffix} has no rows\."):
        table = read_table(tmp_path, "t", ["n", "t"], text={"t"}, numbers={"n"})
    assert list(table.columns) == ["n", "t"]
    assert len(table) == 0


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".json", ".parquet"])
@pytest.mark.filterwarnings("ignore:.*has no rows")
def test_no_rows_are_written_and_read_in_every_format(tmp_path: Path, suffix: str) -> None:
    assert write_rows(tmp_path / f"t{suffix}", [], ["n", "t"]) == 0
    assert list(read_table(tmp_path, "t", ["n", "t"], text={"t"}).columns) == ["n", "t"]
