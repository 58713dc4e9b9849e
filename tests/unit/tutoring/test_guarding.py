"""However an answer is cut into pieces, the same is shown of it, and no sentence that gives a quiz away."""

from __future__ import annotations

from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from learning.tutoring.guarding import Guard
from learning.tutoring.quizzes import QuizQuestion

ASKED = QuizQuestion(uuid4(), uuid4(), "Quiz", "Which value stays?", ("middle value",), False, False)
SENTENCES = st.lists(
    st.sampled_from(["It is so. ", "The middle value stays. ", "Why?\n", "x" * 40 + "! "]), max_size=12
)


@given(sentences=SENTENCES, cuts=st.lists(st.integers(1, 30), max_size=30))
def test_pieces_make_no_difference(sentences: list[str], cuts: list[int]) -> None:
    text, guard, found = "".join(sentences), Guard([ASKED]), list[str]()
    rest = text
    for cut in cuts:
        found += guard.take(rest[:cut])
        rest = rest[cut:]
    found += guard.take(rest) + guard.finish()
    shown = "".join(found)
    assert "middle value" not in shown
    whole = Guard([ASKED])
    assert found == whole.take(text) + whole.finish()
    if "middle" not in text:
        assert shown == text
