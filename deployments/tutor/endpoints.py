"""Routes of the tutor."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import Depends, Header, Request, Response
from fastapi.responses import StreamingResponse

from configs.errors import AzoraError
from deployments.kit import idempotency
from deployments.kit.paging import Page, decode_cursor, split_page
from deployments.kit.parameters import CurrentPrincipal, CurrentWork, Cursor, Limit
from deployments.kit.problems import PROBLEM_DOCUMENTS
from deployments.kit.routes import service_router
from deployments.tutor.exchanges import Exchange
from deployments.tutor.schemas import ConversationDetail, ConversationOpen, ConversationView, TurnAsk, TurnView
from deployments.tutor.service import TutorService

PREFIX = "/api/tutor"
STREAM = "text/event-stream"
_PRIVATE = {"cache-control": "private, no-cache"}
router = service_router(PREFIX)
waiting = service_router(PREFIX, slow=True)


async def _service(request: Request) -> TutorService:
    service = request.app.state.service
    assert isinstance(service, TutorService)
    return service


Tutor = Annotated[TutorService, Depends(_service)]


@router.post("/conversations", status_code=201, summary="Begin a conversation about a course")
async def open_conversation(
    body: ConversationOpen, principal: CurrentPrincipal, work: CurrentWork, tutor: Tutor
) -> ConversationView:
    return ConversationView.of(await tutor.open(work, principal, body.course_id))


@router.get("/conversations", summary="One's conversations, the newest first")
async def conversations(
    principal: CurrentPrincipal,
    work: CurrentWork,
    tutor: Tutor,
    course_id: UUID | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[ConversationView]:
    before = decode_cursor(cursor, UUID)
    found = await tutor.page(work, principal, course_id, before[0] if before else None, limit + 1)
    kept, following = split_page(found, limit, lambda conversation: (conversation.id,))
    return Page(items=[ConversationView.of(conversation) for conversation in kept], next_cursor=following)


@router.get("/conversations/{conversation_id}", summary="A conversation with all that was said")
async def conversation(
    conversation_id: UUID, principal: CurrentPrincipal, work: CurrentWork, tutor: Tutor
) -> ConversationDetail:
    found, exchanges = await tutor.read(work, principal, conversation_id)
    return ConversationDetail(
        **ConversationView.of(found).model_dump(), items=[TurnView.of(exchange) for exchange in exchanges]
    )


@router.delete("/conversations/{conversation_id}", status_code=204, summary="Forget a conversation")
async def forget(conversation_id: UUID, principal: CurrentPrincipal, work: CurrentWork, tutor: Tutor) -> None:
    await tutor.forget(work, principal, conversation_id)


_STREAMED: dict[int | str, dict[str, Any]] = {
    201: {
        "description": "The reply; as server-sent events where `Accept` asks for them: `delta` with pieces of the text,"
        " then `reply` with all of it, or `error`",
        "content": {STREAM: {"schema": {"type": "string"}}},
    }
}


@waiting.post(
    "/conversations/{conversation_id}/turns", status_code=201, summary="Ask the tutor", response_model=TurnView,
    responses=_STREAMED,
)  # fmt: skip
async def ask(
    conversation_id: UUID,
    body: TurnAsk,
    request: Request,
    principal: CurrentPrincipal,
    work: CurrentWork,
    tutor: Tutor,
    accept: Annotated[str, Header(max_length=200)] = "",
) -> Response:
    token = request.headers["authorization"].split()[-1]
    # An answer that is kept for repetitions has to be whole before it is sent.
    if STREAM in accept and tutor.voice is not None and idempotency.HEADER not in request.headers:
        prepared = await tutor.prepare(principal, conversation_id, body.text)
        said = tutor.stream(principal, conversation_id, prepared, token)
        return StreamingResponse(_live(said), 201, headers=_PRIVATE, media_type=STREAM)
    reply = TurnView.of(await tutor.ask(work, principal, conversation_id, body.text, token))
    if STREAM in accept:
        return Response(_whole(reply), 201, headers=_PRIVATE, media_type=STREAM)
    return Response(reply.model_dump_json(), 201, media_type="application/json")


def _whole(reply: TurnView) -> bytes:
    """Committed before it is sent, so a stream that breaks has lost nothing: the turn can be read again."""
    return b"".join(_delta(line) for line in reply.text.splitlines(keepends=True)) + _end(reply)


async def _live(said: AsyncIterator[str | Exchange]) -> AsyncIterator[bytes]:
    try:
        async for piece in said:
            yield _delta(piece) if isinstance(piece, str) else _end(TurnView.of(piece))
    except AzoraError as error:
        yield _error(PROBLEM_DOCUMENTS.raised(error)[2])
    except Exception as error:  # who reads a stream learns of its end from the stream alone
        yield _error(PROBLEM_DOCUMENTS.unexpected(error)[2])


def _error(body: bytes) -> bytes:
    return b"event: error\ndata: %b\n\n" % body


def _delta(text: str) -> bytes:
    return b"event: delta\ndata: %b\n\n" % orjson.dumps({"text": text})


def _end(reply: TurnView) -> bytes:
    return b"event: reply\ndata: %b\n\n" % reply.model_dump_json().encode()


router.routes.extend(waiting.routes)
