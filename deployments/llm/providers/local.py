"""The providers that answer in the replica's own process, from what the replica has."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from deployments.llm.course_material import CourseMaterial
from deployments.llm.providers.extractive import Extractive
from deployments.llm.providers.minilm import MiniLMEmbeddings
from deployments.llm.providers.registry import Factory
from learning.embedding.embedder import Embedder
from learning.embedding.wordpiece import WordPiece
from stores.postgres import Database

_tokenizer = cache(WordPiece.load)


def local_factories(database: Database, embedder: Embedder) -> Mapping[str, Factory]:
    """To be given to `build_providers` beside `FACTORIES`. `database` is under `azora_app`."""
    return {
        "extractive": lambda _target, _pool: Extractive(CourseMaterial(database, embedder), _tokenizer()),
        "minilm": lambda _target, _pool: MiniLMEmbeddings(embedder, _tokenizer()),
    }
