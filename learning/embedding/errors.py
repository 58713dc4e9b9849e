"""What keeps texts from being embedded."""

from __future__ import annotations

from configs.errors import AzoraError


class EmbeddingUnavailable(AzoraError):
    """The model or its runtime is missing, or is not the one this code was made for."""

    status = 503
    type = "embedding-unavailable"
    title = "Texts cannot be compared by meaning"
