"""Folders of short answers in all their forms, and the weights that ship."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from jobs.framework import write_rows
from jobs.framework.errors import MissingColumns, MissingData, UnusableData
from jobs.reading.short_answers import read_short_answers
from learning.grading.storing import SHIPPED, load

ROW = {"question": "Why?", "references": ["Because.", "So it is."], "answer": "because"}


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_every_form_gives_the_same_rows_and_a_label_may_be_missing(tmp_path: Path, suffix: str) -> None:
    write_rows(tmp_path / f"answers{suffix}", [ROW])
    (row,) = read_short_answers(tmp_path)
    assert row["references"] == ROW["references"]
    assert (row["answer"], row["label"], row["answer_id"]) == ("because", None, f"answers{suffix}:1")


def test_compressed_lines_with_labels(tmp_path: Path) -> None:
    with gzip.open(tmp_path / "test.jsonl.gz", "wt") as file:
        file.write(json.dumps(ROW | {"label": "correct", "question_id": "q", "answer_id": "a"}) + "\n\n")
    (row,) = read_short_answers(tmp_path)
    assert (row["label"], row["question_id"], row["answer_id"]) == ("correct", "q", "a")


def test_what_is_wrong_is_said(tmp_path: Path) -> None:
    with pytest.raises(MissingData, match="no short answers"):
        read_short_answers(tmp_path)
    file = tmp_path / "a.jsonl"
    file.write_text('{"question": "Why?", "answer": "x"}\n')
    with pytest.raises(MissingColumns, match="references"):
        read_short_answers(tmp_path)
    file.write_text(json.dumps(ROW | {"label": "maybe"}))
    with pytest.raises(UnusableData, match="maybe"):
        read_short_answers(tmp_path)
    file.write_text("[1]\n")
    with pytest.raises(UnusableData, match="line 1"):
        read_short_answers(tmp_path)


def test_the_weights_that_ship_load_and_hold_no_answer() -> None:
    model = load(SHIPPED)
    assert model.graded == {}
    assert model.name == "short-answers-semeval-2013-2"
