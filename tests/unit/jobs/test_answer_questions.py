"""The job that answers questions from a textbook: what it reads, and what it says of how well it went."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from typer.testing import CliRunner

from jobs import answer_questions as module
from jobs.answer_questions import figures
from jobs.framework import write_rows
from jobs.framework.errors import MissingData
from jobs.reading.textbooks import misplaced, read_passages, read_questions


def test_a_book_is_a_table_of_passages_or_a_folder_of_chapters(tmp_path: Path) -> None:
    with pytest.raises(MissingData):
        read_passages(tmp_path)
    (tmp_path / "chapter-1.md").write_text("# Middles\n\nThe median is the value in the middle.\n")
    [passage] = read_passages(tmp_path)
    assert passage["passage_id"] == "chapter-1:1"
    assert "Middles" in passage["section"]
    (tmp_path / "passages.csv").write_text("text,section\nThe median.,1.1\nThe mean.,\n")
    assert read_passages(tmp_path) == [
        {"passage_id": "1", "section": "1.1", "text": "The median."},
        {"passage_id": "2", "section": "", "text": "The mean."},
    ]


def test_what_is_known_of_the_answers_is_read_as_it_is_given(tmp_path: Path) -> None:
    (tmp_path / "questions.csv").write_text(
        'question,section,answerable\nWhat?,"[""1.1"", ""1.2""]",\nWho?,,0\nWhy?,2,1\nHow?,,\n'
    )
    found = read_questions(tmp_path)
    assert [row["sections"] for row in found] == [["1.1", "1.2"], [], ["2"], []]
    assert [row["answerable"] for row in found] == [None, False, True, None]


def test_places_that_look_like_numbers_stay_what_they_are(tmp_path: Path) -> None:
    (tmp_path / "passages.csv").write_text("passage_id,section,text\n2,1.1,The mean.\n3,1.10,The median.\n")
    (tmp_path / "questions.csv").write_text("question,section,passage_id\nWhat?,1.10,2\nWho?,,\n")
    assert [(row["passage_id"], row["section"]) for row in read_passages(tmp_path)] == [("2", "1.1"), ("3", "1.10")]
    assert [(row["passage_ids"], row["sections"]) for row in read_questions(tmp_path)] == [(["2"], ["1.10"]), ([], [])]


def test_places_that_the_book_does_not_have_are_counted() -> None:
    passages = [{"passage_id": "2", "section": "1.1"}]
    places = [(["2"], []), ([], ["1.1", "9"]), (["2.0"], []), ([], [])]
    assert misplaced(passages, [{"passage_ids": ids, "sections": sections} for ids, sections in places]) == 1


def test_a_book_in_json_lines(tmp_path: Path) -> None:
    write_rows(tmp_path / "passages.jsonl", [{"text": "The mean.", "section": "1.10", "passage_id": 2}])
    write_rows(
        tmp_path / "questions.jsonl",
        [{"question": "What?", "section": ["1.1", "1.10"], "passage_id": 2, "answerable": True},
         {"question": "Who?", "section": None, "passage_id": None, "answerable": False}],
    )  # fmt: skip
    assert read_passages(tmp_path) == [{"passage_id": "2", "section": "1.10", "text": "The mean."}]
    first, second = read_questions(tmp_path)
    assert (first["sections"], first["passage_ids"], first["answerable"]) == (["1.1", "1.10"], ["2"], True)
    assert (second["sections"], second["passage_ids"], second["answerable"]) == ([], [], False)


def test_finding_and_declining_are_counted_apart() -> None:
    passages = [{"passage_id": str(place), "section": f"s{place}"} for place in range(4)]
    known = {"sections": ["s1"], "passage_ids": [], "answerable": None}
    other = {"sections": [], "passage_ids": [], "answerable": False}
    answered = [
        {"first": [1, 0], "by_words": [0, 1], "declined": False},
        {"first": [2, 3], "by_words": [1], "declined": True},
        {"first": [1], "by_words": [], "declined": True},
    ]
    assert figures(passages, [known, known, other], answered) == {
        "first_passage": 0.5, "first_three": 0.5,
        "first_passage_by_words_alone": 0.5, "first_three_by_words_alone": 1.0,
        "declined_of_answered": 0.5, "declined_of_others": 1.0,
    }  # fmt: skip


def test_it_answers_with_sentences_and_their_places(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    (tmp_path / "passages.csv").write_text(
        "passage_id,section,text\n"
        "a,Middles,The median is the value in the middle once all values are put in order.\n"
        "b,Volcanoes,Magma rises through cracks in the crust until a mountain spits it out as lava.\n"
    )
    (tmp_path / "questions.csv").write_text(
        "question,section,answerable\nHow do I find the median of some values?,Middles,1\nWho won the cup in 1974?,,0\n"
    )
    out = tmp_path / "out" / "answers.csv"
    out.parent.mkdir()
    ran = CliRunner().invoke(
        module.answer_questions.app, ["--data", str(tmp_path), "--out", str(out), "--workers", "1"]
    )
    assert ran.exit_code == 0, ran.output
    with out.open() as file:
        first, second = csv.DictReader(file)
    assert first["answer"] == "The median is the value in the middle once all values are put in order. [1]"
    assert (second["declined"], second["answer"]) == ("True", "")
