"""The job that answers questions from a textbook: what it reads, and what it says of how well it went."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from jobs import answer_questions as module
from jobs.answer_questions import figures
from jobs.framework import write_rows
from jobs.framework.errors import MissingData, UnusableData
from jobs.reading.textbooks import misplaced, placed, read_passages, read_questions, windows
from learning.retrieval.chunking import MAXIMUM_CHARACTERS


def test_a_book_is_a_table_of_passages_or_a_folder_of_chapters(tmp_path: Path) -> None:
    with pytest.raises(MissingData):
        read_passages(tmp_path)
    (tmp_path / "chapter-1.md").write_text("# Middles\n\nThe median is the value in the middle.\n")
    [passage] = read_passages(tmp_path)
    assert passage["passage_id"] == "chapter-1:1"
    assert "Middles" in passage["section"]
    (tmp_path / "passages.csv").write_text("text,section\nThe median.,1.1\nThe mean.,\n")
    assert read_passages(tmp_path) == [
        {"passage_id": "1", "section": "1.1", "within": "1.1", "heading": "1.1", "text": "The median."},
        {"passage_id": "2", "section": "", "within": "", "heading": "", "text": "The mean."},
    ]


@pytest.mark.filterwarnings("ignore:.*has no rows")
def test_a_table_of_passages_without_rows_is_there_and_empty(tmp_path: Path) -> None:
    (tmp_path / "passages.csv").write_text("text,section\n")
    with pytest.raises(UnusableData, match=r"The table passages of .* has no rows"):
        read_passages(tmp_path)


def test_what_is_known_of_the_answers_is_read_as_it_is_given(tmp_path: Path) -> None:
    (tmp_path / "questions.csv").write_text(
        'question,section,answerable\nWhat?,"[""1.1"", ""1.2""]",\nWho?,,0\nWhy?,2,1\nHow?,,\n'
    )
    found = read_questions(tmp_path)
    assert [row["sections"] for row in found] == [["1.1", "1.2"], [], ["2"], []]
    assert [row["answerable"] for row in found] == [None, False, True, None]


def test_sections_may_be_a_list_as_pandas_writes_it(tmp_path: Path) -> None:
    (tmp_path / "passages.csv").write_text("""text,section\nThe median.,"['Middles', '1.10']"\n""")
    (tmp_path / "questions.csv").write_text("""question,section\nWhat?,"['1.10', '2']"\nWho?,[]\nWhy?,[nowhere]\n""")
    passages, questions = read_passages(tmp_path), read_questions(tmp_path)
    assert passages[0]["section"] == "Middles \u203a 1.10"
    assert [row["sections"] for row in questions] == [["1.10", "2"], [], ["[nowhere]"]]
    assert any(one.endswith("[nowhere]") for one in module.remarks(tmp_path, passages, questions))


def test_places_that_look_like_numbers_stay_what_they_are(tmp_path: Path) -> None:
    (tmp_path / "passages.csv").write_text("passage_id,section,text\n2,1.1,The mean.\n3,1.10,The median.\n")
    (tmp_path / "questions.csv").write_text("question,section,passage_id\nWhat?,1.10,2\nWho?,,\n")
    assert [(row["passage_id"], row["section"]) for row in read_passages(tmp_path)] == [("2", "1.1"), ("3", "1.10")]
    assert [(row["passage_ids"], row["sections"]) for row in read_questions(tmp_path)] == [(["2"], ["1.10"]), ([], [])]


def question(sections: list[str], ids: list[str], answerable: bool | None = None) -> dict[str, object]:
    return {"sections": sections, "passage_ids": ids, "answerable": answerable}


def test_places_that_the_book_does_not_have_are_counted() -> None:
    passages = [{"passage_id": "2", "section": "1.1", "within": "1.1", "heading": "1.1"}]
    questions = [question([], ["2"]), question(["1.1", "9"], []), question([], ["2.5"]), question([], [])]
    assert misplaced(passages, questions) == 1
    assert misplaced(passages, [question(["9"], [], False), question(["9"], [], True)]) == 1


def test_places_are_matched_as_whole_numbers_where_the_book_has_them_so() -> None:
    passages = [
        {"passage_id": "101", "section": "7", "within": "7", "heading": "7 Cells"},
        {"passage_id": "102", "section": "8.0", "within": "8.0", "heading": "8.0"},
        {"passage_id": "103", "section": "9.0", "within": "9.0", "heading": "9.0"},
        {"passage_id": "104", "section": "9", "within": "9", "heading": "9"},
    ]
    questions = [question(["7.0"], ["101.0"]), question(["8", "9.0", "1.10"], ["102"]), question([], [])]
    found, told = placed(passages, questions)
    assert found == [question(["7"], ["101"]), question(["8.0", "9.0", "1.10"], ["102"]), question([], [])]
    assert told == [
        "1 values of passage_id in questions are written otherwise than in passages, and were matched: 101.0 with 101.",
        "2 values of section in questions are written otherwise than in passages, and were matched: 7.0 with 7.",
    ]
    assert placed(passages, found) == (found, [])


def test_no_place_may_be_told_in_words_that_the_book_does_not_have() -> None:
    passages = [{"passage_id": "1", "section": "NA", "heading": "NA"}]
    asked = [question(["N/A"], ["none"]), question(["na", "?"], ["1"])]
    assert placed(passages, asked) == ([question([], []), question(["na"], ["1"])], [])


def test_whether_a_question_is_answerable_is_never_guessed(tmp_path: Path) -> None:
    (tmp_path / "questions.csv").write_text("question,answerable\nWhat?,Yes\nWho?,N\nWhy?,\n")
    assert [row["answerable"] for row in read_questions(tmp_path)] == [True, False, None]
    (tmp_path / "questions.csv").write_text("question,answerable\nWhat?,1\nWho?,unanswerable\n")
    with pytest.raises(UnusableData, match=r"row 2: answerable must be .* and is 'unanswerable'"):
        read_questions(tmp_path)


def test_a_book_in_json_lines(tmp_path: Path) -> None:
    write_rows(tmp_path / "passages.jsonl", [{"text": "The mean.", "section": "1.10", "passage_id": 2}])
    write_rows(
        tmp_path / "questions.jsonl",
        [{"question": "What?", "section": ["1.1", "1.10"], "passage_id": 2, "answerable": True},
         {"question": "Who?", "section": None, "passage_id": None, "answerable": False}],
    )  # fmt: skip
    assert read_passages(tmp_path) == [
        {"passage_id": "2", "section": "1.10", "within": "1.10", "heading": "1.10", "text": "The mean."}
    ]
    first, second = read_questions(tmp_path)
    assert (first["sections"], first["passage_ids"], first["answerable"]) == (["1.1", "1.10"], ["2"], True)
    assert (second["sections"], second["passage_ids"], second["answerable"]) == ([], [], False)


def test_finding_and_declining_are_counted_apart() -> None:
    passages = [{"passage_id": str(place), "section": f"s{place}", "heading": f"s{place}"} for place in range(4)]
    known, other = question(["s1"], []), question([], [], False)
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


def test_what_the_book_does_not_answer_is_not_looked_for_in_it() -> None:
    """Though it may be said what section such a question is nearest to."""
    passages = [{"passage_id": "0", "section": "s0", "heading": "s0"}]
    answered = [
        {"first": [0], "by_words": [0], "declined": False},
        {"first": [], "by_words": [], "declined": True},
    ]
    assert figures(passages, [question(["s0"], []), question(["s0"], [], False)], answered) == {
        "first_passage": 1.0, "first_three": 1.0,
        "first_passage_by_words_alone": 1.0, "first_three_by_words_alone": 1.0,
        "declined_of_answered": 0.0, "declined_of_others": 1.0,
    }  # fmt: skip


@pytest.mark.parametrize("suffix", [".md", ".markdown", ".txt", ".TXT"])
def test_chapters_are_texts_of_any_kind_and_a_readme_is_none(tmp_path: Path, suffix: str) -> None:
    (tmp_path / "README.md").write_text("# How this was made\n\nBy hand.\n")
    (tmp_path / f"chapter{suffix}").write_bytes("# Middles\n\nThe median.\n".encode("utf-8-sig"))
    [passage] = read_passages(tmp_path)
    assert (passage["passage_id"], passage["section"]) == ("chapter:1", "chapter \u203a Middles")
    (tmp_path / "two").mkdir()
    (tmp_path / "two" / "README.md").write_text("# Ends\n\nThe range.\n")  # as some tools lay chapters out
    assert [row["text"] for row in read_passages(tmp_path)] == ["The median.", "The range."]


def test_chapters_of_one_name_keep_their_suffix(tmp_path: Path) -> None:
    for name in ("one.md", "one.txt", "two.md"):
        (tmp_path / name).write_text("The median.\n")
    assert [row["passage_id"] for row in read_passages(tmp_path)] == ["one.md:1", "one.txt:1", "two:1"]


def test_the_words_that_lead_to_a_passage_are_ranked_and_its_section_is_judged(tmp_path: Path) -> None:
    rows = [
        {"text": "It spreads.", "section": "3.2", "title": "Diffusion", "chapter": "Cells"},
        {"text": "It flows.", "section": ["Cells", "Osmosis"], "title": "Osmosis"},
        {"text": "It grows.", "heading": "Growth"},
    ]
    (tmp_path / "passages.json").write_text(json.dumps(rows))
    found = read_passages(tmp_path)
    assert [row["section"] for row in found] == ["3.2", "Cells \u203a Osmosis", "Growth"]
    assert [row["heading"] for row in found] == ["Cells \u203a 3.2 Diffusion", "Cells \u203a Osmosis", "Growth"]


@pytest.mark.parametrize("packed", [False, True])
def test_a_book_may_be_an_array_or_an_object_with_one(tmp_path: Path, packed: bool) -> None:
    passages: object = [{"text": "The mean."}]
    questions = {"version": 1, "questions": [{"question": "What?", "answerable": False}], "more": [{"a": 1}]}
    for name, document in (("passages", passages), ("questions", questions)):
        content = json.dumps(document).encode("utf-8-sig")
        path = tmp_path / f"{name}.json{'.gz' if packed else ''}"
        path.write_bytes(gzip.compress(content) if packed else content)
    assert [row["text"] for row in read_passages(tmp_path)] == ["The mean."]
    assert [row["answerable"] for row in read_questions(tmp_path)] == [False]


def test_what_is_not_read_or_not_counted_is_told(tmp_path: Path) -> None:
    (tmp_path / "passages.csv").write_text("text,section\nThe median.,1.1\n")
    (tmp_path / "questions.csv").write_text("question,section\nWhat?,1.1\nWho?,\n")
    (tmp_path / "unanswerable.jsonl").write_text('{"question": "Who?"}\n')
    (tmp_path / "settings.json").write_text('{"a": 1}')
    (tmp_path / "notes.md").write_text("Notes.")
    (tmp_path / "README.md").write_text("About.")
    unread, untold = module.remarks(tmp_path, read_passages(tmp_path), read_questions(tmp_path))
    assert unread.endswith("not read: unanswerable.jsonl, notes.md.")
    assert untold.startswith("1 questions say neither")


def test_a_long_passage_is_looked_through_in_parts() -> None:
    sentences = [f"Sentence number {number} says something of its own." for number in range(100)]
    rows = [
        {"passage_id": "a", "section": "1", "within": "1", "heading": "1 Long", "text": " ".join(sentences)},
        {"passage_id": "b", "section": "2", "within": "2", "heading": "2 Short", "text": "# It is short.\n\nAs it is."},
    ]
    parts = windows(rows)
    assert {part["passage"] for part in parts[:-1]} == {0}
    assert {part["heading"] for part in parts[:-1]} == {"1 Long"}
    assert all(len(part["text"]) <= MAXIMUM_CHARACTERS for part in parts)
    assert all(any(sentence in part["text"] for part in parts) for sentence in sentences)
    assert parts[-1] == {"passage": 1, "heading": "2 Short", "text": rows[1]["text"]}


def test_what_stands_at_the_end_of_a_long_passage_is_found_and_its_passage_told_once(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    filler = " ".join(f"The harvest of year {year} was stored in the barn before the winter." for year in range(90))
    last = "Magma rises through cracks in the crust until a volcano erupts as lava."
    rows = [
        {"passage_id": "a", "section": "1", "text": f"{filler} {last}"},
        {"passage_id": "b", "text": "It rises."},
    ]
    write_rows(tmp_path / "passages.jsonl", rows, ["passage_id", "section", "text"])
    write_rows(tmp_path / "questions.csv", [{"question": "Why does a volcano erupt as lava?", "section": "1"}])
    out = tmp_path / "out" / "answers.jsonl"
    ran = CliRunner().invoke(
        module.answer_questions.app, ["--data", str(tmp_path), "--out", str(out), "--workers", "1"]
    )
    assert ran.exit_code == 0, ran.output
    answer = json.loads(out.read_text())
    assert answer["answer"] == f"{last} [1]"
    assert answer["passage_ids"].count("a") == 1
    assert answer["sections"][0] == "1"


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


def test_passages_without_text_are_left_out_and_empty_questions_declined(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    data, out = tmp_path / "data", tmp_path / "answers.jsonl"
    data.mkdir()
    (data / "passages.csv").write_text(
        "section,text\nMiddles,\nMiddles,The median is the value in the middle once all values are put in order.\n"
    )
    (data / "questions.csv").write_text(
        "question_id,question,section\na,,Middles\nb,What is the median?,Middles\nc,,\n"
    )
    arguments = ["--data", str(data), "--out", str(out), "--workers", "1"]
    ran = CliRunner().invoke(module.answer_questions.app, [*arguments, "--json"])
    assert ran.exit_code == 0, ran.output
    first, second, third = map(json.loads, out.read_text().splitlines())
    assert [row["question_id"] for row in (first, second, third)] == ["a", "b", "c"]
    assert (first["declined"], first["passage_ids"], first["answer"]) == (True, [], "")
    assert (second["declined"], second["passage_ids"]) == (False, ["2"])
    summary = json.loads(ran.stdout)
    assert summary["warnings"] == [
        "1 passages have no text, and are left out.",
        "2 questions are empty: they are declined, and count in no share.",
    ]
    assert (summary["declined"], summary["first_passage"], summary["declined_of_answered"]) == (2, 1.0, 0.0)
    (data / "passages.csv").write_text("section,text\nMiddles,\n")
    refused = CliRunner().invoke(module.answer_questions.app, arguments)
    assert refused.exit_code == 1
    assert "has a text" in " ".join(refused.output.split())


def test_sections_of_one_name_in_two_chapters_are_two(tmp_path: Path) -> None:
    (tmp_path / "passages.jsonl").write_text(
        '{"chapter": "Cells", "section": "Summary", "text": "One."}\n'
        '{"chapter": "Genes", "section": "Summary", "text": "Two."}\n'
    )
    first, second = read_passages(tmp_path)
    assert first["section"] == second["section"] == "Summary"
    assert first["within"] != second["within"]
