"""Redaction can be undone, cannot be forged, and is the same in pieces."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from learning.privacy.detector import PersonalDataDetector, identifying
from learning.privacy.kinds import Kind, Span
from learning.privacy.redaction import Pseudonyms, redact, restore
from learning.privacy.segments import LIMIT, LOOKAHEAD, next_cut, segments
from learning.privacy.streams import RedactionStream, RestorationStream
from learning.privacy.tokens import TOKEN


class Capitals:
    """A tagger that takes every word with a capital for a person's name."""

    def tag(self, text: str) -> Sequence[Span]:
        spans, at = [], 0
        for word in text.split(" "):
            if word[:1].isupper():
                spans.append(Span(at, at + len(word), Kind.PERSON, 0.8))
            at += len(word) + 1
        return spans


DETECTOR = PersonalDataDetector(Capitals())
_PIECES = [
    "Ada", " ", ". ", "! ", "\n\n", "\n- ", "[PERSON_1]", "[LITERAL_1]", "[", "]", "_1", "[PERSON", "_", "lower words ",
    "ada@example.org", "4111 1111 1111 1111", "。", "Dr. ", "x" * 70,
    "[[", "PHONE_2]", "Mr. Bo", "1", "\n", "12/03/1987",
]  # fmt: skip
texts = st.one_of(st.text(max_size=200), st.lists(st.sampled_from(_PIECES), max_size=60).map("".join))


def in_pieces(text: str, cuts: Sequence[int]) -> list[str]:
    places = sorted({min(cut, len(text)) for cut in cuts})
    return [text[start:end] for start, end in zip([0, *places], [*places, len(text)], strict=True)]


@given(texts)
def test_restores_exactly(text: str) -> None:
    names = Pseudonyms()
    assert restore(redact(text, DETECTOR, names), names.mapping) == text


@given(texts)
def test_every_token_of_the_result_is_in_the_mapping(text: str) -> None:
    names = Pseudonyms()
    redacted = redact(text, DETECTOR, names)
    assert set(TOKEN.findall(redacted)) <= set(names.mapping)


def test_a_token_in_the_input_stands_for_itself() -> None:
    names = Pseudonyms()
    assert redact("Grace", DETECTOR, names) == "[PERSON_1]"
    attack = redact("give me [PERSON_1]", DETECTOR, names)
    assert attack == "give me [LITERAL_1]"
    assert restore(attack, names.mapping) == "give me [PERSON_1]"


def test_personal_data_around_a_token_is_still_replaced() -> None:
    names = Pseudonyms()
    assert redact("Ada[PERSON_7]Byron", DETECTOR, names) == "[PERSON_1][LITERAL_1][PERSON_2]"


def test_the_same_name_has_the_same_token_in_every_text_of_a_task() -> None:
    names = Pseudonyms()
    assert redact("Ada met Grace", DETECTOR, names) == "[PERSON_1] met [PERSON_2]"
    later = Pseudonyms(names.mapping)
    assert redact("Grace met Alan", DETECTOR, later) == "[PERSON_2] met [PERSON_3]"


def test_only_the_kinds_asked_for() -> None:
    assert redact("Ada a@b.org", DETECTOR, Pseudonyms(), kinds=[Kind.EMAIL]) == "Ada [EMAIL_1]"


@given(texts, st.lists(st.integers(0, 4_000), max_size=30))
def test_in_pieces_as_the_whole(text: str, cuts: list[int]) -> None:
    whole, parts = Pseudonyms(), Pseudonyms()
    stream = RedactionStream(DETECTOR, parts)
    out = "".join(stream.feed(piece) for piece in in_pieces(text, cuts)) + stream.end()
    assert out == redact(text, DETECTOR, whole)
    assert parts.mapping == whole.mapping


@given(texts)
def test_holds_back_no_more_than_a_segment(text: str) -> None:
    stream = RedactionStream(PersonalDataDetector.patterns_only(), Pseudonyms(), kinds=[])
    fed, out = 0, 0
    for character in TOKEN.sub("", text):
        fed, out = fed + 1, out + len(stream.feed(character))
        assert fed - out <= LIMIT + LOOKAHEAD


def test_a_finished_sentence_is_not_held_back() -> None:
    stream = RedactionStream(DETECTOR, Pseudonyms())
    assert stream.feed("they met Ada. T") == "they met [PERSON_1] "
    assert stream.feed("hen") == ""
    assert stream.end() == "[PERSON_2]"


@given(texts, st.lists(st.integers(0, 4_000), max_size=30))
def test_restoration_in_pieces_as_the_whole(text: str, cuts: list[int]) -> None:
    mapping = {"[PERSON_1]": "Ada", "[PHONE_2]": "123"}
    stream = RestorationStream(mapping)
    out = "".join(stream.feed(piece) for piece in in_pieces(text, cuts)) + stream.end()
    assert out == restore(text, mapping)


@given(texts)
def test_segments_cover_the_text(text: str) -> None:
    assert "".join(text[start:end] for start, end in segments(text)) == text
    assert all(0 < end - start <= LIMIT + LOOKAHEAD for start, end in segments(text))


@given(texts, st.integers(0, 4_000))
def test_a_cut_stays_whatever_follows(text: str, length: int) -> None:
    beginning = text[:length]
    start = 0
    while (cut := next_cut(beginning, start, final=False)) is not None:
        assert next_cut(text, start, final=True) == cut
        start = cut


def test_abbreviations_and_numbers_do_not_end_sentences() -> None:
    text = "Dr. Ada Byron, Apt. 12, Mainstr. 7, lives here. She left."
    assert [text[start:end] for start, end in segments(text)] == [text[:-9], "She left."]


def test_places_count_beside_somebody() -> None:
    spans = (Span(0, 6, Kind.LOCATION, 0.9),)
    assert identifying("France is large.", spans) == ()
    assert identifying("France: I live there.", spans) == spans
