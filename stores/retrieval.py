"""The index of passages, as those who search it see it: under `azora_app`, in a transaction of the reader's tenant."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Self
from uuid import UUID

from stores.postgres import Connection
from stores.queries import load_queries

_queries = load_queries(__file__, "retrieval.sql")

Kind = Literal["text", "assignment", "question"]

# Comparing so many embeddings one by one takes some 20 ms.
_EXACT_PASSAGES = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Whose rights decide what is found: a person's, with `any_course` where they may read every published course.

    Without a person and without the right, nothing is found.
    """

    user_id: UUID | None
    any_course: bool


class WordMatch(NamedTuple):
    """A passage with words of the question: its BM25, and how much of the words' weight it has, from 0 to 1.

    `embedded`: it can be found by meaning too.
    """

    passage_id: int
    score: float
    coverage: float
    embedded: bool


class Neighbour(NamedTuple):
    """A passage near the question in meaning: the cosine of the angle between them."""

    passage_id: int
    similarity: float


class Place(NamedTuple):
    """Where a passage stands, and how near it is to what was asked for; None where that cannot be compared."""

    passage_id: int
    version_id: UUID
    heading: str
    similarity: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPassage:
    """A passage of a course version. `heading` leads to it: module, unit, sections. `sentences` are the vectors of its
    sentences (`learning.retrieval.sentence_vectors`), if it has any."""

    id: int
    course_id: UUID
    course_title: str
    version_id: UUID
    unit_id: UUID
    ordinal: int
    kind: Kind
    heading: str
    text: str
    sentences: bytes | None = None

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        return cls(**{name: row[name] for name in cls.__slots__})


def vector_text(vector: Iterable[float]) -> str:
    """A vector as pgvector reads it."""
    return f"[{','.join(f'{value:.7g}' for value in vector)}]"


class PassageRepository:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def readable(self, reader: Reader, course_id: UUID | None) -> list[UUID]:
        """The versions that somebody may read, of one course or of all."""
        rows = _queries.readable_versions(
            self._connection, user_id=reader.user_id, any=reader.any_course, course_id=course_id
        )
        return [row["version_id"] async for row in rows]

    async def indexed(self, versions: Sequence[UUID]) -> dict[UUID, int]:
        """Those of the versions that can be searched, with how many passages each has."""
        rows = _queries.indexed_versions(self._connection, versions=versions)
        return {row["version_id"]: row["passages"] async for row in rows}

    async def by_words(
        self, words: str, versions: Sequence[UUID], kinds: Sequence[Kind], limit: int
    ) -> list[WordMatch]:
        """The passages with most of the words, and the rarest; best first."""
        rows = _queries.by_words(self._connection, words=words, versions=versions, kinds=kinds, limit=limit)
        return [WordMatch(**row) async for row in rows]

    async def by_meaning(
        self,
        probe: Iterable[float],
        versions: Sequence[UUID],
        kinds: Sequence[Kind],
        limit: int,
        *,
        exact: int = _EXACT_PASSAGES,
    ) -> list[Neighbour]:
        """The passages nearest to `probe`; best first. Where at most `exact` may be read, all are compared."""
        rows = _queries.by_meaning(
            self._connection, probe=vector_text(probe), versions=versions, kinds=kinds, limit=limit, exact=exact
        )
        return [Neighbour(**row) async for row in rows]

    async def places(self, ids: Sequence[int], probe: Iterable[float] | None) -> list[Place]:
        """Of passages by id, in that order."""
        wanted = None if probe is None else vector_text(probe)
        rows = _queries.places(self._connection, ids=ids, probe=wanted)
        return [Place(**row) async for row in rows]

    async def passages(self, ids: Sequence[int]) -> dict[int, StoredPassage]:
        """Passages by id."""
        rows = _queries.passages(self._connection, ids=ids)
        return {row["id"]: StoredPassage.from_row(row) async for row in rows}
