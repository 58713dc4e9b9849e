"""A table of passages as the chapters of a course."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from jobs.course_draft import course_draft
from jobs.framework import write_rows
from jobs.reading.chapters import outermost

TEXT = "The median is the value in the middle of a list that is in order. "


def row(heading: str, text: str = TEXT) -> dict[str, str]:
    return {"passage_id": text, "section": heading, "heading": heading, "text": text}


def test_chapters_are_the_outermost_sections_in_the_order_of_the_book() -> None:
    headings = ["Cells \u203a Walls", "Cells", "Genes > Code", "Cells \u203a Walls \u203a Pores"]
    assert [one.title for one in outermost([row(heading) for heading in headings])] == ["Cells", "Genes"]


def test_numbers_of_sections_say_the_chapter() -> None:
    headings = ["1.1", "1.2 Walls", "2 Genes", "2.1 Code", "10.1 Apes", "B.1 Tables", ""]
    titles = [one.title for one in outermost([row(heading) for heading in headings])]
    assert titles == ["Chapter 1", "2 Genes", "Chapter 10", "B", "Passages"]


def test_a_heading_stands_once_above_what_is_below_it() -> None:
    rows = [
        row("A \u203a B", "one"),
        row("A \u203a B", "two"),
        row("A \u203a B \u203a C", "three"),
        row("A \u203a D", "four"),
    ]
    [chapter] = outermost(rows)
    assert chapter.body.split("\n\n") == ["# A", "## B", "one", "two", "### C", "three", "## D", "four"]


def test_a_course_is_drafted_from_a_table_of_passages(tmp_path: Path) -> None:
    rows = [
        {"section": section, "title": title, "text": TEXT * 3}
        for section, title in (("1", "Middles"), ("1.1", "The median"), ("2.1", "Spread"))
    ]
    write_rows(tmp_path / "book" / "passages.csv", rows)
    (tmp_path / "book" / "notes.md").write_text("# Notes\n\nNot of the book.")
    out = tmp_path / "course.json"
    ran = CliRunner().invoke(
        course_draft.app, ["--data", str(tmp_path / "book"), "--out", str(out), "--workers", "1", "--questions", "0"]
    )
    assert ran.exit_code == 0, ran.output
    [told] = json.loads((tmp_path / "course.json.summary.json").read_text())["warnings"]
    assert told.endswith("not read: notes.md.")
    modules = json.loads(out.read_text())["modules"]
    assert [module["title"] for module in modules] == ["1 Middles", "Chapter 2"]
    assert [unit["title"] for unit in modules[0]["units"]] == ["1 Middles", "1.1 The median"]
