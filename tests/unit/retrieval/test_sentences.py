"""Where sentences end."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from learning.retrieval.sentences import sentences


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("One. Two! Three? Four", ["One.", "Two!", "Three?", "Four"]),
        ("Dr. Smith met J. Doe, e.g. on Monday. They spoke.", ["Dr. Smith met J. Doe, e.g. on Monday.", "They spoke."]),
        ("It costs 3.50 euros. 5 are left.", ["It costs 3.50 euros.", "5 are left."]),
        ('He said "No." Then he left.', ['He said "No."', "Then he left."]),
        ("See fig. 3 (cf. p. 4). Next.", ["See fig. 3 (cf. p. 4).", "Next."]),
        ("Use math.isclose here. Ärger kommt.", ["Use math.isclose here.", "Ärger kommt."]),
        ("Wait … no. (Yes.) Good", ["Wait … no.", "(Yes.)", "Good"]),
        ("你好。再见。", ["你好。", "再见。"]),
        ("  spread \n over  lines  ", ["spread over lines"]),
        ("", []),
    ],
)
def test_examples(text: str, parts: list[str]) -> None:
    assert list(sentences(text)) == parts


@given(st.text())
def test_nothing_is_lost(text: str) -> None:
    assert "".join("".join(sentences(text)).split()) == "".join(text.split())


def test_a_long_run_of_marks_is_looked_at_once() -> None:
    assert len(list(sentences("!" * 100_000 + "a"))) == 1
    assert len(list(sentences("e.g. a " * 15_000))) == 1
