"""Claude's protocol, vectors, and the stream to the client, over real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest

from configs.errors import AzoraError
from deployments.llm.api.answers import Head
from deployments.llm.api.sse import ChunkEncoder, encoded
from deployments.llm.call import Call
from deployments.llm.conversation import EmbeddingRequest, Finish, TextDelta, Usage
from deployments.llm.errors import UnsupportedParameter, UpstreamBroken, UpstreamTimeout, UpstreamUnavailable
from deployments.llm.filters import Identity
from tests.integration.llm.support import dispatching, drain, question, target, upstreams
from tests.integration.llm.upstream import Exchange, after, counted, cuts, refuses, says

TEXTS = EmbeddingRequest(model="e", texts=("one", "two words"))


async def claude(exchange: Exchange) -> bool:
    await exchange.begin()
    events: tuple[dict[str, Any], ...] = (
        {"type": "message_start", "message": {"usage": {"input_tokens": 8, "output_tokens": 1}}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "ping"},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Good day"}},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 6}},
        {"type": "message_stop"},
    )
    for event in events:
        await exchange.raw(b"event: " + event["type"].encode() + b"\ndata: " + orjson.dumps(event) + b"\n\n")
    return await exchange.end()


@pytest.mark.parametrize(
    ("version", "header", "value"),
    [("2026-10-21", "authorization", "Bearer sk-1"), ("2023-06-01", "x-api-key", "sk-1")],
)
async def test_claude(monkeypatch: pytest.MonkeyPatch, version: str, header: str, value: str) -> None:
    monkeypatch.setenv("AZORA_SECRET_CLAUDE", "sk-1")
    more = {"provider": "anthropic", "api_key_env": "AZORA_SECRET_CLAUDE", "api_version": version}
    async with upstreams(claude) as [up], dispatching({"a": target(up, **more)}) as dispatcher:
        for _ in range(2):
            async with dispatcher.stream(question(), dispatcher.route("m")) as call:
                text, finish, _ = await drain(call)
            assert (text, finish) == ("Good day", Finish("stop", Usage(8, 6)))
        [first, _] = up.requests
        assert (first.path, first.headers[header], first.headers["anthropic-version"]) == (
            "/v1/messages",
            value,
            version,
        )
        assert up.connections == 1


async def test_a_broken_answer_of_claude_s_counts_the_prompt_exactly() -> None:
    async def breaks(exchange: Exchange) -> bool:
        await exchange.begin()
        await exchange.data({"type": "message_start", "message": {"usage": {"input_tokens": 800, "output_tokens": 1}}})
        await exchange.data({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}})
        await exchange.data({"type": "content_block_delta", "delta": {"type": "text_delta", "text": "x" * 40}})
        return False

    async with upstreams(breaks) as [up], dispatching({"a": target(up, provider="anthropic")}) as dispatcher:
        call = dispatcher.stream(question(), dispatcher.route("m"))
        with pytest.raises(UpstreamBroken):
            await drain(call)
        assert call.usage == Usage(800, 10, estimated=True)


async def vectors(exchange: Exchange) -> bool:
    data = [{"index": n, "embedding": [float(n), 0.5]} for n in reversed(range(len(exchange.body["input"])))]
    return await exchange.whole(200, {"data": data, "usage": {"prompt_tokens": 3, "total_tokens": 3}})


async def test_vectors_come_in_order_with_their_count() -> None:
    async with upstreams(refuses(500), vectors) as [bad, good]:
        table = {"bad": target(bad), "good": target(good)}
        async with dispatching(table) as dispatcher:
            call = dispatcher.embed(TEXTS, dispatcher.embedding_route("e"))
            found = await call.answer()
            assert ([list(vector) for vector in found.vectors], found.usage) == ([[0.0, 0.5], [1.0, 0.5]], Usage(3))
            assert [a.target for a in call.receipt().attempts] == ["bad", "bad", "good"]
            assert good.requests[0].body["encoding_format"] == "float"


async def test_vectors_that_do_not_come() -> None:
    async def few(exchange: Exchange) -> bool:
        return await exchange.whole(200, {"data": []})

    for behaviour, error in ((few, UpstreamBroken), (after(5, vectors), UpstreamTimeout)):
        async with upstreams(behaviour) as [up], dispatching({"a": target(up)}) as dispatcher:
            call = dispatcher.embed(TEXTS, dispatcher.embedding_route("e"))
            with pytest.raises(error):
                await call.answer()
            assert (call.receipt().outcome, call.receipt().usage) == ("failed", Usage())
            assert dispatcher.lanes["a"].admission.taken == 0
        assert await up.settled()


async def test_vectors_of_a_caller_who_leaves_are_counted() -> None:
    async with upstreams(after(5, vectors)) as [up], dispatching({"a": target(up)}) as dispatcher:
        call = dispatcher.embed(TEXTS, dispatcher.embedding_route("e"))
        waiting = asyncio.create_task(call.answer())
        await asyncio.sleep(0.1)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert (call.receipt().outcome, call.receipt().usage) == ("cancelled", Usage(4, estimated=True))
        assert await up.settled()


async def test_anthropic_has_no_vectors() -> None:
    async with upstreams(claude) as [up], dispatching({"a": target(up, provider="anthropic")}) as dispatcher:
        with pytest.raises(UnsupportedParameter):
            await dispatcher.embed(TEXTS, dispatcher.embedding_route("e")).answer()


class Desk:
    """Settles calls, and remembers what was sent before."""

    def __init__(self, call: Call, *, fails: bool = False) -> None:
        self.call = call
        self.fails = fails
        self.sent: list[bytes] = []
        self.settled: list[tuple[int, str]] = []

    async def settle(self) -> None:
        self.settled.append((len(self.sent), self.call.receipt().outcome))
        if self.fails:
            raise AzoraError("the ledger is down")

    def stream(self) -> AsyncIterator[bytes]:
        return encoded(self.call, Identity(), ChunkEncoder(Head("c", 1, "m"), include_usage=True), self.settle)

    async def serve(self) -> bytes:
        async for portion in self.stream():
            self.sent.append(portion)
        return b"".join(self.sent)


async def test_no_answer_ends_before_it_is_settled() -> None:
    async with (
        upstreams(says("Good", " day", usage=counted(1, 2))) as [up],
        dispatching({"a": target(up)}) as dispatcher,
    ):
        desk = Desk(dispatcher.stream(question(), dispatcher.route("m")))
        content = await desk.serve()
        assert content.endswith(b"data: [DONE]\n\n")
        assert b'"usage":{"prompt_tokens":1,' in content
        assert desk.settled == [(len(desk.sent) - 1, "completed")]

        unsettled = Desk(dispatcher.stream(question(), dispatcher.route("m")), fails=True)
        content = await unsettled.serve()
        assert b"[DONE]" not in content
        assert b'"error":{"message":"the ledger is down"' in content
        assert len(unsettled.settled) == 1


async def test_a_broken_answer_is_settled_and_says_so() -> None:
    async with upstreams(cuts("Good")) as [up], dispatching({"a": target(up)}) as dispatcher:
        desk = Desk(dispatcher.stream(question(), dispatcher.route("m")))
        content = await desk.serve()
        assert b'{"content":"Good"}' in content
        assert content.count(b"data: ") == 3
        assert b'"code":"upstream_broken"' in content
        assert desk.settled[0][1] == "broken"


async def test_a_client_that_leaves_is_settled() -> None:
    async with upstreams(says(*["word "] * 2000)) as [up], dispatching({"a": target(up)}) as dispatcher:
        desk = Desk(dispatcher.stream(question(), dispatcher.route("m")))
        stream = desk.stream()
        assert b"word" in await anext(stream)
        await stream.aclose()  # type: ignore[attr-defined]
        assert desk.settled == [(0, "cancelled")]
        assert await up.settled()


async def test_an_error_before_the_first_token_can_still_be_a_status() -> None:
    async with upstreams(refuses(503)) as [up], dispatching({"a": target(up)}) as dispatcher:
        call = dispatcher.stream(question(), dispatcher.route("m"))
        with pytest.raises(UpstreamUnavailable) as caught:
            await call.begin()
        assert caught.value.status == 503


async def test_what_no_target_can_do_is_told_before_anything_is_sent() -> None:
    async with upstreams(says("x")) as [up]:
        table = {"a": target(up, context_tokens=256, unsupported=["seed"]), "b": target(up, unsupported=["seed"])}
        async with dispatching(table) as dispatcher:
            route = dispatcher.route("m")
            with pytest.raises(UnsupportedParameter):
                dispatcher.stream(question(seed=1), route)
            async with dispatcher.stream(question("long " * 300), route) as call:
                await drain(call)
            assert call.receipt().target == "b", "the one that can read it"
            bounds = dispatcher.bounds(question(max_tokens=5000), route)
            assert [(b.target, b.completion_tokens) for b in bounds] == [("a", 249), ("b", 4096)]
            assert up.requests[0].body["max_tokens"] == 4096


async def test_a_first_batch_begun_is_not_lost() -> None:
    async with (
        upstreams(says("Good", " day")) as [up],
        dispatching({"a": target(up)}) as dispatcher,
        dispatcher.stream(question(), dispatcher.route("m")) as call,
    ):
        await call.begin()
        await call.begin()
        assert await anext(call) == TextDelta("Good")
