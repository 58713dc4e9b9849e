"""Conversations that an organisation has kept: sealed, written behind the answer, until their time is over."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from deployments.kit.logs import get_logger
from deployments.llm.caller import Caller
from deployments.llm.conversation import ChatRequest, Completion
from deployments.llm.repository.transcripts import NewTranscript, TranscriptRepository
from stores.errors import StoreError
from stores.ids import new_id
from stores.postgres import Database
from stores.sealing import Keyring
from stores.transcripts import open_transcript, seal_transcript

log = get_logger("llm")
_KEPT = 1_000
_FAREWELL_SECONDS = 3.0
_PAUSE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class _Waiting:
    caller: Caller
    transcript: NewTranscript


class Transcripts:
    """For one process and one event loop. `run` writes for as long as the process lives."""

    def __init__(self, database: Database, keyring: Keyring) -> None:
        self._database = database
        self._keyring = keyring
        self._waiting: list[_Waiting] = []
        self._woken = asyncio.Event()

    def keep(self, caller: Caller, request: ChatRequest, completion: Completion, days: int) -> None:
        """Have a conversation kept. Never waits; drops the oldest where the database has not answered for long."""
        transcript_id, now = new_id(), datetime.now(UTC)
        plain = {
            "messages": [_said(asdict(message)) for message in request.messages],
            "answer": {
                "text": completion.text,
                "refusal": completion.refusal,
                "tool_calls": [asdict(call) for call in completion.tool_calls],
                "finish_reason": completion.reason,
            },
        }
        transcript = NewTranscript(
            id=transcript_id,
            user_id=caller.user_id,
            key_id=caller.key_id,
            model=request.model,
            sealed=seal_transcript(self._keyring, transcript_id, plain),
            created_at=now,
            expires_at=now + timedelta(days=days),
        )
        if len(self._waiting) >= _KEPT:
            del self._waiting[0]
            log.error("a transcript was dropped")
        self._waiting.append(_Waiting(caller, transcript))
        self._woken.set()

    def opened(self, transcript_id: UUID, sealed: bytes) -> dict[str, Any]:
        """Messages and answer. Raises `SealBroken`."""
        return open_transcript(self._keyring, transcript_id, sealed)

    async def run(self) -> None:
        """Write what waits, for ever."""
        try:
            while True:
                await self._woken.wait()
                try:
                    await self._write()
                except StoreError as error:
                    log.warning("transcripts wait to be written", count=len(self._waiting), cause=error.detail)
                    await asyncio.sleep(_PAUSE_SECONDS)
        finally:
            with suppress(StoreError, TimeoutError):
                async with asyncio.timeout(_FAREWELL_SECONDS):
                    await self._write()

    async def _write(self) -> None:
        while self._waiting:
            first = self._waiting[0]
            async with self._database.transaction(first.caller.org_id) as connection:
                await TranscriptRepository(connection).insert(first.transcript)
            if self._waiting and self._waiting[0] is first:
                del self._waiting[0]
        self._woken.clear()


def _said(message: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in message.items() if value not in (None, ())}
