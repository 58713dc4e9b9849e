"""The tokenizer agrees with BERT's; expected numbers are those of the reference implementation."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from learning.embedding.wordpiece import VOCABULARY, WordPiece

TOKENIZER = WordPiece.load()


def test_the_vocabulary_is_bert_s() -> None:
    digest = sha256(VOCABULARY.read_bytes()).hexdigest()
    assert digest == "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3"
    assert digest in VOCABULARY.with_name("NOTICE.txt").read_text()


EXAMPLES: list[tuple[str, list[int]]] = [
    ("", [101, 102]),
    ("Hello, world!", [101, 7592, 1010, 2088, 999, 102]),
    ("Unaffable caf\xe9 na\xefve \xc5ngstr\xf6m", [101, 14477, 20961, 3468, 7668, 15743, 17076, 15687, 102]),
    (
        "ISO 8601: 2025-04-03T10:00",
        [101, 11163, 6564, 24096, 1024, 16798, 2629, 1011, 5840, 1011, 6021, 2102, 10790, 1024, 4002, 102],
    ),
    (
        "math.isclose(0.1 + 0.2, 0.3)",
        [
            101,
            8785,
            1012,
            2003,
            20464,
            9232,
            1006,
            1014,
            1012,
            1015,
            1009,
            1014,
            1012,
            1016,
            1010,
            1014,
            1012,
            1017,
            1007,
            102,
        ],
    ),
    (
        "\u0141\xf3d\u017a Stra\xdfe \u0130stanbul \u03a3\u038a\u03a3\u03a5\u03a6\u039f\u03a3",
        [101, 17814, 2358, 27807, 9960, 1173, 18199, 29733, 29735, 29736, 29730, 29733, 102],
    ),
    ("\u65e5\u672c\u8a9e text", [101, 1864, 1876, 1950, 3793, 102]),
    ("a\u200bb\xa0c\td\x07e", [101, 11113, 1039, 2139, 102]),
    (
        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        [101, 100, 102],
    ),
    ("\U0001f600 emoji", [101, 100, 7861, 29147, 2072, 102]),
    (
        '`pd.to_numeric(errors="coerce")`',
        [
            101,
            1036,
            22851,
            1012,
            2000,
            1035,
            16371,
            25531,
            1006,
            10697,
            1027,
            1000,
            24873,
            19170,
            1000,
            1007,
            1036,
            102,
        ],
    ),
]


@pytest.mark.parametrize(("text", "ids"), EXAMPLES, ids=lambda value: str(value)[:20])
def test_examples(text: str, ids: list[int]) -> None:
    assert TOKENIZER.encode(text) == ids


@given(st.text(max_size=300), st.integers(2, 20))
def test_any_text(text: str, limit: int) -> None:
    ids = TOKENIZER.encode(text)
    assert ids[0] == 101
    assert ids[-1] == 102
    assert TOKENIZER.count(text) == len(ids) - 2
    cut = TOKENIZER.encode(text, limit)
    assert len(cut) == min(limit, len(ids))
    assert cut[:-1] == ids[: len(cut) - 1]


def test_special_tokens_cannot_be_written() -> None:
    assert not {100, 101, 102, 103} & set(TOKENIZER.encode("[CLS] [SEP] [MASK] [PAD]")[1:-1])
