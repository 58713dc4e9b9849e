"""A model that is loaded when it is first needed, and computes beside the event loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol, TypeVar

import structlog

from learning.embedding import minilm
from learning.embedding.errors import EmbeddingUnavailable
from learning.embedding.minilm import MiniLM, Vectors
from learning.embedding.wordpiece import WordPiece

log = structlog.get_logger("azora.embedding")

T = TypeVar("T")


class Model(Protocol):
    """What embeds."""

    @property
    def tokenizer(self) -> WordPiece: ...

    def embed(self, texts: Sequence[str]) -> Vectors: ...

    def token_states(self, texts: Sequence[str]) -> list[Vectors]: ...


class Embedder:
    """At most one model, in one thread. `load` makes it; None: embedding is switched off.

    A model that could not be loaded is not tried again: what is missing has to be installed first.
    """

    def __init__(self, load: Callable[[], Model] | None) -> None:
        self._load = load
        self._model: Model | None = None
        self._problem = minilm.WEIGHTS.missing() if load is not None else "switched off by AZORA_RETRIEVAL_VECTORS"
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="embedding")
        self._loading = threading.Lock()

    @classmethod
    def of(cls, *, on: bool, threads: int) -> Embedder:
        """The platform's model, or none where it is not `on`."""
        return cls((lambda: MiniLM.load(threads=threads)) if on else None)

    @property
    def problem(self) -> str | None:
        """Why nothing can be embedded; None where it can, as far as is known before the first time."""
        return self._problem

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """One row of unit length for each text. Raises `EmbeddingUnavailable`."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._embed, texts)

    async def run(self, work: Callable[[Model], T]) -> T:
        """What `work` makes with the model, in its thread. Raises `EmbeddingUnavailable`."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, lambda: work(self._ready()))

    async def attempt(self, texts: Sequence[str]) -> Vectors | None:
        """The same; None where nothing can be embedded at present, and words have to do."""
        if self._problem is not None:
            return None
        try:
            return await self.embed(texts)
        except EmbeddingUnavailable as error:
            log.warning("comparing by words alone", cause=error.detail)
            return None

    async def warm(self) -> None:
        """Load the model, and let it run once, before somebody waits for it."""
        await self.attempt(["What is asked first?"])

    async def check(self) -> None:
        """Raises `EmbeddingUnavailable` where nothing can be embedded. Loads nothing."""
        if self._problem is not None:
            raise EmbeddingUnavailable(self._problem)

    def close(self) -> None:
        """End the thread, once it has done what it was asked."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _embed(self, texts: Sequence[str]) -> Vectors:
        return self._ready().embed(texts)

    def _ready(self) -> Model:
        with self._loading:
            if self._problem is not None or self._load is None:
                raise EmbeddingUnavailable(self._problem)
            if self._model is None:
                try:
                    self._model = self._load()
                except EmbeddingUnavailable as error:
                    self._problem = error.detail
                    raise
            return self._model
