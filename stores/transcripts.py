"""Kept conversations with language models, as they are sealed: what writes them and what exports them meet here."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import orjson

from stores.sealing import Keyring


def seal_transcript(keyring: Keyring, transcript_id: UUID, content: dict[str, Any]) -> bytes:
    """Messages and answer, to be opened only as this transcript."""
    return keyring.seal(orjson.dumps(content), transcript_context(transcript_id))


def open_transcript(keyring: Keyring, transcript_id: UUID, sealed: bytes) -> dict[str, Any]:
    """Messages and answer. Raises `SealBroken`."""
    content: dict[str, Any] = orjson.loads(keyring.open(sealed, transcript_context(transcript_id)))
    return content


def transcript_context(transcript_id: UUID) -> str:
    """What a transcript is bound to."""
    return f"llm_transcripts.sealed:{transcript_id}"
