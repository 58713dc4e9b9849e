"""What cells of tables hold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.framework.errors import UnusableData
from jobs.reading.values import as_known, listed, unlisted, yes_or_no

# As as_text leaves them: trimmed, and not empty.
TEXTS = st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1).map(str.strip).filter(bool))


@given(TEXTS)
def test_a_list_that_python_or_numpy_writes_is_read_as_it_was(texts: list[str]) -> None:
    assert listed(repr(texts), "here") == texts
    assert listed(str(np.array(texts, dtype=object)), "here") == texts


@pytest.mark.parametrize(
    ("cell", "texts"),
    [
        ('["a", "b"]', ["a", "b"]),
        ("['a', 2, -0.5]", ["a", "2", "-0.5"]),
        (["a", None, 2.0, {"text": "b"}], ["a", "2", "b"]),
        ("[]", []),
        ("", []),
        ("[1] and more", ["[1] and more"]),
    ],
)
def test_lists_in_all_their_forms(cell: str | list[object], texts: list[str]) -> None:
    assert listed(cell, "here") == texts
    assert not list(unlisted(listed(cell, "here"), "cells"))


@pytest.mark.parametrize("cell", ["[see above]", "['a''b']", "[print('a')]", "['a', ['b']]", "[007, 'a']", "['\\d']"])
def test_what_is_no_list_of_texts_stays_and_is_told(cell: str) -> None:
    assert listed(cell, "here") == [cell]
    assert list(unlisted([cell], "cells")) == [
        f"1 cells look like lists and cannot be read as such; they count as they are: {cell}"
    ]


def test_ids_are_matched_as_whole_numbers_where_they_are_not_known_as_they_are() -> None:
    assert as_known(["101.0", "7", "2.0", "1.10", "x.0", "9.0", ""], {"101", "7.0", "2", "2.0", "1.1", "x"}) == {
        "101.0": "101", "7": "7.0",
    }  # fmt: skip


def test_yes_and_no_are_words_or_numbers_and_nothing_else() -> None:
    assert {yes_or_no(value, "here") for value in (True, 1, 1.0, "1.0", "TRUE", "t", "Yes", "y")} == {True}
    assert {yes_or_no(value, "here") for value in (False, 0, 0.0, "0", "false", "F", "NO", "n")} == {False}
    assert {yes_or_no(value, "here") for value in (None, float("nan"), "", "?", "n/a")} == {None}
    for value in ("unanswerable", 2, 0.5, "maybe"):
        with pytest.raises(UnusableData, match=f"here must be .* and is '{value}'"):
            yes_or_no(value, "here")
