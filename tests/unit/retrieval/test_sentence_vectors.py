"""Vectors of sentences in little room still point where they did."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from learning.retrieval.sentence_vectors import packed, unpacked


@given(seed=st.integers(0, 2**32 - 1), rows=st.integers(1, 20))
def test_directions_are_kept(seed: int, rows: int) -> None:
    vectors = np.random.default_rng(seed).normal(size=(rows, 384)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    found = unpacked(packed(vectors), rows)
    assert found is not None
    assert np.allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)
    assert np.abs(found @ vectors.T - vectors @ vectors.T).max() < 0.01


def test_what_is_not_expected_is_not_read() -> None:
    stored = packed(np.eye(3, 384, dtype=np.float32))
    assert unpacked(stored, 3) is not None
    assert unpacked(stored, 5) is None
    assert unpacked(stored, 6) is None
    assert unpacked(packed(np.eye(3, 256, dtype=np.float32)), 3) is None
    assert unpacked(None, 3) is None
    assert unpacked(b"\x00" + stored[1:], 3) is None
    assert unpacked(packed(np.empty((0, 384), dtype=np.float32)), 0) is None
