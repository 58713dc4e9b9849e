"""What was said, in the clear, and how it is put away: sealed, bound to its row."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from actors.conversation_memory.state import Turn
from learning.tutoring.replies import Reply, Source
from stores.ids import new_id
from stores.sealing import Keyring
from stores.tutoring import Side, turn_context


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One question and its reply. `completed`: units of the course that the learner has completed."""

    number: int
    question: str
    reply: Reply
    made_by: dict[str, Any]
    completed: frozenset[UUID]
    created_at: datetime


class Scribe:
    """Seals and opens exchanges."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring

    def seal(self, exchange: Exchange, quiz_question_id: UUID | None) -> Turn:
        """As it is stored. `quiz_question_id`: what it was a hint for."""
        id, reply = new_id(), exchange.reply

        def sealed(text: str, side: Side) -> bytes:
            return self._keyring.seal(text.encode(), turn_context(id, side))

        return Turn(
            id=id, number=exchange.number, question=sealed(exchange.question, "question"),
            reply=sealed(reply.text, "reply"), kind=reply.kind, quiz_question_id=quiz_question_id,
            sources=[_stored(source) for source in reply.sources], made_by=exchange.made_by,
            created_at=exchange.created_at,
        )  # fmt: skip

    def open(self, turn: Turn, completed: frozenset[UUID]) -> Exchange:
        """As it was said. Raises `SealBroken`."""
        question, text = (
            self._keyring.open(sealed, turn_context(turn.id, side)).decode() for sealed, side in self._sides(turn)
        )
        sources = tuple(
            Source(unit_id=UUID(source["unit_id"]), passage_id=source["passage_id"], heading=source["heading"])
            for source in turn.sources
        )
        return Exchange(
            number=turn.number, question=question, reply=Reply(kind=turn.kind, text=text, sources=sources),
            made_by=turn.made_by, completed=completed, created_at=turn.created_at,
        )  # fmt: skip

    @staticmethod
    def _sides(turn: Turn) -> tuple[tuple[bytes, Side], tuple[bytes, Side]]:
        return (turn.question, "question"), (turn.reply, "reply")


def _stored(source: Source) -> dict[str, Any]:
    return {"unit_id": str(source.unit_id), "passage_id": source.passage_id, "heading": source.heading}
