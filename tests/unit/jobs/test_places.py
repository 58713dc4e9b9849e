"""Places in a book, as people name them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.reading.places import chapter_number, is_any, is_number, names_of

PATH = "part-1/chapter-3.md \u203a Cells \u203a 3.2 Diffusion"


def named(place: str, section: str, heading: str = "") -> bool:
    return is_any([place], names_of(section, heading or section))


@pytest.mark.parametrize(
    "place",
    [
        PATH, PATH.upper(), "part-1/chapter-3", "chapter-3.md", "Chapter-3", "Cells", "3.2 diffusion",
        "3.2  Diffusion ", "3.2. Diffusion", "3.2", "Diffusion", "Cells \u203a 3.2 Diffusion", "cells > 3.2 Diffusion",
        "chapter-3 \u203a Cells",
    ],
)  # fmt: skip
def test_a_section_is_named_by_its_path_or_a_heading_or_its_number_or_its_file(place: str) -> None:
    assert named(place, PATH.replace(".md", ""))
    assert named(place, PATH)


@pytest.mark.parametrize(
    "place", ["", "3", "3.", "3.21", "3.2.1", "2", "Diff", "chapter", "part-1", "Cells 3.2", "3.2 Osmosis"]
)
def test_what_is_only_like_it_is_another(place: str) -> None:
    assert not named(place, PATH)


@pytest.mark.parametrize(
    ("place", "section"),
    [("3.2", "3.21 Osmosis"), ("3.2", "3.2.1 Osmosis"), ("3", "30 Cells"), ("3.2 Diffusion", "3.21"), ("a", "")],
)
def test_a_number_is_whole(place: str, section: str) -> None:
    assert not named(place, section)


@pytest.mark.parametrize(
    ("place", "section", "heading"),
    [
        ("3.2 Diffusion", "3.2", ""),
        ("Chapter 3", "Chapter 3: Cells", ""),
        ("B.1", "B.1 Tables", ""),
        ("Diffusion", "3.2", "Cells \u203a 3.2 Diffusion"),
        ("cells", "3.2", "Cells \u203a 3.2 Diffusion"),
    ],
)
def test_a_number_stands_for_its_section(place: str, section: str, heading: str) -> None:
    assert named(place, section, heading)


@given(st.lists(st.text(min_size=1).filter(str.strip), min_size=1, max_size=4).map(" \u203a ".join))
def test_whatever_a_section_is_called_it_is_itself(path: str) -> None:
    names = names_of(path, path)
    assert not names or named(path, path)


def test_numbers_of_sections_and_their_chapters() -> None:
    assert [is_number(name) for name in ("3.2", "3.2.", "3.2 Cells", "Cells", "")] == [True, True, False, False, False]
    assert [chapter_number(name) for name in ("3.2 Cells", "3.2.1", "3", "Cells")] == ["3", "3", None, None]
