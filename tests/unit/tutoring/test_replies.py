"""Replies number their sources, and follow-ups are looked for with what they follow up."""

from __future__ import annotations

from uuid import UUID, uuid4

from learning.tutoring import replies
from learning.tutoring.quizzes import BLANK, QuizQuestion
from learning.tutoring.replies import Quotation, Source

UNIT = uuid4()


def source(heading: str, unit_id: UUID = UNIT) -> Source:
    return Source(unit_id=unit_id, passage_id=1, heading=heading)


def test_each_source_has_one_number() -> None:
    first, second = source("A"), source("B")
    reply = replies.answer([Quotation("One.", first), Quotation("Two.", second), Quotation("Three.", first)])
    assert reply.kind == "answer"
    assert reply.sources == (first, second)
    assert "- One. [1]\n- Two. [2]\n- Three. [1]" in reply.text
    assert reply.text.endswith("[1] A\n[2] B")


def test_places_in_two_units_have_two_numbers_though_their_headings_were_cut_back_to_the_same() -> None:
    first, second = source("A module"), source("A module", uuid4())
    quotations = [Quotation("One.", first), Quotation("Two.", second), Quotation("Three.", first)]
    reply = replies.answer(quotations)
    assert reply.sources == (first, second)
    assert "- One. [1]\n- Two. [2]\n- Three. [1]" in reply.text
    assert reply.text.endswith("[1] A module\n[2] A module")
    asked = QuizQuestion(uuid4(), uuid4(), "Quiz", "Why?", ("one",), False, False)
    given = replies.hint(asked, 0, quotations)
    assert given.sources == (first, second)
    assert given.text.count("- A module") == 1


def test_hints_come_closer_and_never_tell() -> None:
    asked = QuizQuestion(
        uuid4(), uuid4(), "What stayed?", "When do we forget the most?", ("the first hour",), False, False
    )
    quotations = [Quotation("Most is lost within the first hour.", source("Memory"))]
    texts = [replies.hint(asked, before, quotations).text for before in range(4)]
    assert all("Memory" in text and "first hour" not in text for text in texts)
    assert BLANK not in texts[0]
    assert all(BLANK in text for text in texts[1:])
    assert texts[2] != texts[1]


def test_a_hint_without_material_says_what_to_do() -> None:
    asked = QuizQuestion(uuid4(), uuid4(), "Quiz", "Why?", (), False, True)
    assert "Close the text" in replies.hint(asked, 1, []).text


def test_follow_ups() -> None:
    before = "What is the forgetting curve?"
    assert replies.standalone("And why?", [before]).startswith(before)
    assert replies.standalone("Who found it first?", ["What else is there to know?", before]).startswith(before)
    assert replies.standalone("And then?", ["Of what is it made?", before, "Why?"]) == f"{before}\nWhy?\nAnd then?"
    assert replies.standalone("And then?", ["And why?"]) == "And why?\nAnd then?"
    assert replies.standalone("Which interval suits an exam in seven weeks?", [before]) == (
        "Which interval suits an exam in seven weeks?"
    )
    assert replies.standalone("Why?", []) == "Why?"


def test_what_looks_like_a_follow_up_is_followed_up_itself() -> None:
    """As questions of quizzes do, which stand alone all the same."""
    prompt = "Which of these reduce extraneous load? Choose all that apply."
    asked = ["What do the units before say?", "Who drew the forgetting curve first of all?", prompt]
    assert replies.followed_up("Just tell me", asked) == tuple(asked[1:])
    assert replies.followed_up("Just tell me", [prompt]) == (prompt,)
