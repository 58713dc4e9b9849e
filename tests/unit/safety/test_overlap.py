"""Copied passages are found, wherever they begin, in pieces as in the whole."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from learning.safety.overlap import GUARANTEED, Fingerprints, OverlapStream

words = st.sampled_from([f"{one}{other}" for one in "abcdefghij" for other in "klmnopqrst"])
texts = st.lists(words, min_size=40, max_size=120)


@given(texts, st.lists(words, max_size=30), st.lists(words, max_size=30), st.data())
def test_a_shared_passage_of_the_guaranteed_length_is_found(
    source: list[str], before: list[str], after: list[str], data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, len(source) - GUARANTEED))
    passage = source[start : start + GUARANTEED]
    prints = Fingerprints.of({"book": " ".join(source)})
    found = prints.find(" ".join([*before, *passage, *after]), least_words=1)
    assert any(each.source == "book" for each in found)


@settings(max_examples=40)
@given(texts, texts)
def test_what_is_reported_is_shared(source: list[str], text: list[str]) -> None:
    copied = " ".join([*text, *source[:30]])
    for each in Fingerprints.of({"book": " ".join(source)}).find(copied, least_words=1):
        part = copied[each.start : each.end].split()
        assert len(part) == each.words
        grams = {tuple(source[place : place + 6]) for place in range(len(source) - 5)}
        assert tuple(part[:6]) in grams
        assert tuple(part[-6:]) in grams


@settings(max_examples=40)
@given(texts, texts, st.lists(st.integers(0, 800), max_size=20))
def test_in_pieces_as_the_whole(source: list[str], text: list[str], cuts: list[int]) -> None:
    prints = Fingerprints.of({"book": " ".join(source)})
    whole = " ".join([*text[:20], *source, *text[20:]])
    stream, found, places = OverlapStream(prints, least_words=12), [], sorted({min(cut, len(whole)) for cut in cuts})
    for start, end in zip([0, *places], [*places, len(whole)], strict=True):
        found += stream.feed(whole[start:end])
    found += stream.end()
    assert sorted(found, key=lambda each: (each.start, each.source)) == list(prints.find(whole, least_words=12))


def test_short_quotations_and_changed_case_and_marks() -> None:
    sentence = (
        "The quick brown fox jumps over the lazy dog and then sleeps under a large old oak near the quiet river bank"
    )
    prints = Fingerprints.of({"book": sentence})
    assert prints.find("He wrote: the quick brown fox jumps over the lazy dog and then sleeps.") == ()
    assert prints.find(sentence.upper().replace(" ", ", ") + " while it rains on and on and on", least_words=14)


@settings(max_examples=15)
@given(st.integers(24, 90))
def test_a_paragraph_is_always_reported_and_a_sentence_never(count: int) -> None:
    source = [f"w{number}" for number in range(100)]
    prints = Fingerprints.of({"book": " ".join(source)})
    for start in range(100 - count):
        assert prints.find(" ".join(["so", *source[start : start + count], "there"]))
        assert not prints.find(" ".join(["so", *source[start : start + 17], "there"]))


def test_rows_give_back_the_fingerprints() -> None:
    prints = Fingerprints.of(
        {"a": "one two three four five six seven eight nine ten eleven twelve thirteen", "b": "x " * 20}
    )
    rows = list(prints.rows())
    assert all(-(2**63) <= value < 2**63 for value, _ in rows)
    assert Fingerprints.from_rows(rows) == prints


def test_copying_shows_while_it_happens() -> None:
    source = " ".join(f"word{number}" for number in range(60))
    stream = OverlapStream(Fingerprints.of({"book": source}))
    stream.feed(source[: len(source) // 2])
    assert stream.copying > 12
