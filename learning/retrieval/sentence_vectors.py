"""Vectors of a passage's sentences in little room: eight bits a number.

Directions are all that is compared, so each vector is scaled to its greatest component and brought back to unit length;
cosines differ by less than 0.01.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from learning.embedding.minilm import DIMENSIONS

Vectors = NDArray[np.float32]

FORMAT = 1  # of a byte; grows with what counts as a sentence, the model, or how vectors are stored
_GREATEST = 127


def packed(vectors: Vectors) -> bytes:
    """Rows (n, d), none of them zero, as bytes."""
    scale = np.abs(vectors).max(axis=1, keepdims=True, initial=np.finfo(np.float32).tiny)
    numbers: NDArray[np.int8] = np.rint(vectors / scale * _GREATEST).astype(np.int8)
    return bytes([FORMAT]) + numbers.tobytes()


def unpacked(stored: bytes | None, count: int) -> Vectors | None:
    """`count` rows of unit length; None where there are none, or others than are expected."""
    if stored is None or stored[:1] != bytes([FORMAT]) or count == 0 or len(stored) - 1 != count * DIMENSIONS:
        return None
    rows = np.frombuffer(stored, dtype=np.int8, offset=1).reshape(count, -1).astype(np.float32)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / lengths if lengths.all() else None
