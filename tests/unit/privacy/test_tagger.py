"""What the shipped tagger finds, and what it leaves alone."""

from __future__ import annotations

import time

import pytest

from learning.privacy.detector import PersonalDataDetector
from learning.privacy.kinds import Kind
from learning.privacy.words import words

DETECTOR = PersonalDataDetector.load()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("My name is Wanjiru Kamau and I live in Nakuru.", ["Wanjiru Kamau", "Nakuru"]),
        ("Please send it to 14 Priory Lane, Leeds LS2 9JT.", ["14 Priory Lane, Leeds LS2 9JT"]),
        ("Sehr geehrte Frau Oberhuber, Ihr Sohn Lukas fehlte am Montag.", ["Oberhuber", "Lukas"]),
        ("Je m'appelle Maëlle Fournier.", ["Maëlle Fournier"]),
        ("Me llamo Itziar Echeverría.", ["Itziar Echeverría"]),
        ("Меня зовут Светлана Орлова.", ["Светлана Орлова"]),
        ("my name is priya raman", ["priya raman"]),
    ],
)
def test_finds_names_and_addresses(text: str, found: list[str]) -> None:
    spans = DETECTOR.detect(text)
    covered = {place for span in spans for place in range(span.start, span.end)}
    for each in found:
        start = text.index(each)
        assert set(range(start, start + len(each))) <= covered, each


@pytest.mark.parametrize(
    "text",
    [
        "The mean is the sum of the values divided by their number.",
        "Which of the following is not a prime number?",
        "for i in range(10): print(i * 2)",
        "Photosynthesis turns light into sugar.",
        "because the battery is not in a closed path",
    ],
)
def test_leaves_ordinary_sentences_alone(text: str) -> None:
    assert DETECTOR.detect(text) == ()


def test_a_postal_address_over_lines_is_one_find() -> None:
    text = "Olga Brandt\n12 Mill Road\nApt. 4\nBristol BS1 4ST"
    kinds = {text[span.start : span.end]: span.kind for span in DETECTOR.detect(text)}
    assert kinds.get("Olga Brandt") is Kind.PERSON
    assert any(kind is Kind.ADDRESS and "Mill Road" in found for found, kind in kinds.items())


def test_a_long_text_is_quick() -> None:
    text = "Ada Lovelace met Charles Babbage in London on a Tuesday and they talked about the engine. " * 40
    DETECTOR.detect("warm")
    began = time.thread_time()
    spans = DETECTOR.detect(text)
    assert len(spans) >= 80
    assert (time.thread_time() - began) / 40 < 0.1


def test_words_stand_where_they_say() -> None:
    text = "O'Neill's café,\n12b 東京 naïve"
    assert all(text[word.start : word.end] == word.text for word in words(text))
