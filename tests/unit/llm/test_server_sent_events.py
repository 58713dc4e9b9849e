"""Events come out the same however the bytes arrive."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployments.llm.errors import UpstreamBroken
from deployments.llm.providers.server_sent_events import EventReader

payload = st.text(st.characters(blacklist_characters="\r\n", blacklist_categories=["Cs"]), min_size=1, max_size=20)


def portions(content: bytes, cuts: list[int]) -> list[bytes]:
    edges = [0, *sorted(cut % (len(content) + 1) for cut in cuts), len(content)]
    return [content[start:end] for start, end in pairwise(edges)]


@given(st.lists(payload, max_size=8), st.sampled_from(["\n", "\r\n"]), st.lists(st.integers(0, 500), max_size=12))
def test_portions_do_not_matter(data: list[str], newline: str, cuts: list[int]) -> None:
    lines = [f": comment{newline}event: x{newline}data: {text}{newline}{newline}" for text in data]
    content = "".join(lines).encode()
    reader, found = EventReader(), []
    for portion in portions(content, cuts):
        found += reader.feed(portion)
    assert [event.decode() for event in found + reader.rest()] == data


def test_the_forms_that_the_standard_allows() -> None:
    reader = EventReader()
    assert reader.feed(b"data:tight\n\ndata: a\ndata: b\n\nid: 4\n\nretry: 1\n\n") == [b"tight", b"a\nb"]
    assert reader.feed(b"data: unfinished") == []
    assert reader.rest() == [b"unfinished"]


def test_what_never_ends_is_refused_soon_and_cheaply() -> None:
    for piece in (b"x" * 1000, b"data: " + b"x" * 993 + b"\n"):
        reader = EventReader(limit_bytes=10_000)
        for _ in range(11):
            reader.feed(piece)
        with pytest.raises(UpstreamBroken):
            reader.feed(piece)


def test_a_long_line_in_small_pieces_takes_linear_time() -> None:
    reader = EventReader()
    for _ in range(200_000):
        assert reader.feed(b"0123456789") == []
    assert len(reader.feed(b"\ndata: x\n\n")) == 1
