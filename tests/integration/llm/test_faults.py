"""Every way in which an upstream misbehaves: the right error, the right fallback, the right count, nothing leaked."""

from __future__ import annotations

import asyncio
import socket

import pytest

from deployments.llm.call import Call
from deployments.llm.conversation import Event, Finish, RefusalDelta, TextDelta, ToolCallDelta, Usage
from deployments.llm.errors import (
    ContextTooLong,
    LlmError,
    ModelOverloaded,
    RequestRefused,
    UpstreamBroken,
    UpstreamBusy,
    UpstreamRefused,
    UpstreamTimeout,
    UpstreamUnavailable,
)
from tests.integration.llm.support import PROMPT_ESTIMATE, dispatching, drain, question, target, upstreams
from tests.integration.llm.upstream import (
    Behaviour,
    Exchange,
    after,
    chunk,
    counted,
    cuts,
    endless,
    hangs_up,
    huge_line,
    malformed,
    refuses,
    says,
    stalls,
)

GOOD = says("Good", " day", usage=counted(11, 2))
GOOD_USAGE = Usage(11, 2)


async def test_a_good_answer_with_its_exact_usage_over_one_connection() -> None:
    async with upstreams(GOOD) as [up], dispatching({"a": target(up)}) as dispatcher:
        for _ in range(3):
            async with dispatcher.stream(question(max_tokens=9), dispatcher.route("m")) as call:
                text, finish, _ = await drain(call)
            assert (text, finish) == ("Good day", Finish("stop", GOOD_USAGE))
            receipt = call.receipt()
            assert (receipt.outcome, receipt.target, receipt.usage) == ("completed", "a", GOOD_USAGE)
        assert up.connections == 1, "a connection is used again"
        assert up.requests[0].body["max_tokens"] == 9
        assert up.requests[0].body["stream_options"] == {"include_usage": True}
    assert await up.settled()


# What happens before the first token: another target answers, and the caller notices nothing.
BEFORE: dict[str, tuple[Behaviour, type[LlmError], int, bool]] = {
    # behaviour, error where there is no other target, requests to it, whether its prompt may have been charged
    "refused 500": (refuses(500), UpstreamUnavailable, 2, False),
    "refused 529": (refuses(529), UpstreamUnavailable, 2, False),
    "hung up": (hangs_up(), UpstreamUnavailable, 2, False),
    "429 for long": (refuses(429, retry_after="40"), UpstreamBusy, 1, False),
    "quota used up": (refuses(429, {"error": {"code": "insufficient_quota"}}), UpstreamBusy, 1, False),
    "wrong key": (refuses(401), UpstreamRefused, 1, False),
    "unknown model": (refuses(404), UpstreamRefused, 1, False),
    "redirect": (refuses(307, location="http://127.0.0.1:1/"), UpstreamRefused, 1, False),
    "too long": (refuses(400, {"error": {"code": "context_length_exceeded"}}), ContextTooLong, 1, False),
    "slow first token": (after(5, GOOD), UpstreamTimeout, 1, False),
    "slow after the headers": (after(5, GOOD, headers_first=True), UpstreamTimeout, 1, True),
    "only comments": (stalls(comments=True), UpstreamTimeout, 1, True),
    "cut at once": (cuts(), UpstreamBroken, 1, True),
    "malformed at once": (malformed(), UpstreamBroken, 1, True),
    "no JSON": (malformed(junk=b"<html>"), UpstreamBroken, 1, True),
    "a list": (malformed(junk=b"[1]"), UpstreamBroken, 1, True),
    "error in the stream": (malformed(junk=b'{"error": {"message": "boom"}}'), UpstreamUnavailable, 1, True),
    "huge line": (huge_line(), UpstreamBroken, 1, True),
}


# Behaviours that leave the upstream in the middle of its answer.
HANGING = {"hung up", "slow first token", "slow after the headers", "only comments", "cut at once", "huge line"}


@pytest.mark.parametrize("name", BEFORE)
async def test_before_the_first_token_another_target_answers(name: str) -> None:
    behaviour, _, asked, charged = BEFORE[name]
    async with upstreams(behaviour, GOOD) as [bad, good]:
        async with dispatching({"bad": target(bad), "good": target(good)}) as dispatcher:
            async with dispatcher.stream(question(), dispatcher.route("m")) as call:
                text, finish, _ = await drain(call)
            prompt = PROMPT_ESTIMATE if charged else 0
            wanted = Usage(11 + prompt, 2, estimated=charged)
            assert (text, finish) == ("Good day", Finish("stop", wanted))
            assert [record.target for record in call.receipt().attempts] == ["bad"] * asked + ["good"]
            assert call.receipt().attempts[-1].usage == GOOD_USAGE
            assert call.receipt().outcome == "completed"
            assert await bad.settled(at_most=0 if name in HANGING else 1), "only a whole answer leaves a connection"
        assert await bad.settled()
        assert await good.settled()


@pytest.mark.parametrize("name", BEFORE)
async def test_without_another_target_the_caller_learns_why(name: str) -> None:
    behaviour, error, asked, charged = BEFORE[name]
    async with upstreams(behaviour) as [up], dispatching({"bad": target(up)}) as dispatcher:
        call = dispatcher.stream(question(), dispatcher.route("m"))
        with pytest.raises(LlmError) as caught:
            await call.begin()
        assert type(caught.value) is error
        assert len(up.requests) == asked
        assert call.usage == (Usage(PROMPT_ESTIMATE, estimated=True) if charged else Usage())
        assert (call.receipt().outcome, call.receipt().attempts[-1].error) == ("failed", error.type)
        assert [event async for event in call] == [], "it stays ended"
        assert await up.settled(at_most=0 if name in HANGING else 1)


async def test_the_upstream_s_time_to_come_back_is_told_and_kept() -> None:
    async with upstreams(refuses(429, retry_after="40")) as [up], dispatching({"a": target(up)}) as dispatcher:
        route = dispatcher.route("m")
        with pytest.raises(UpstreamBusy) as first:
            await dispatcher.stream(question(), route).begin()
        assert first.value.headers == {"retry-after": "40"}
        with pytest.raises(ModelOverloaded) as second:
            dispatcher.stream(question(), route)
        assert 38 <= int(second.value.headers["retry-after"]) <= 40
        assert len(up.requests) == 1, "the target is left alone"


async def test_a_short_wait_is_waited_where_nothing_else_could_answer() -> None:
    busy = refuses(429, retry_after_ms="150")
    async with upstreams((busy, GOOD)) as [up], dispatching({"a": target(up)}) as dispatcher:
        began = asyncio.get_running_loop().time()
        async with dispatcher.stream(question(), dispatcher.route("m")) as call:
            text, _, _ = await drain(call)
        assert text == "Good day"
        assert asyncio.get_running_loop().time() - began >= 0.15


async def test_a_request_at_fault_goes_nowhere_else() -> None:
    refused = refuses(400, {"error": {"message": "tools are wrong", "type": "invalid_request_error"}})
    async with upstreams(refused, GOOD) as [bad, good]:
        async with dispatching({"bad": target(bad), "good": target(good)}) as dispatcher:
            with pytest.raises(RequestRefused, match="tools are wrong"):
                await dispatcher.stream(question(), dispatcher.route("m")).begin()
        assert good.requests == []


# What happens after the first token: no other target, an error, and what was said is counted.
AFTER: dict[str, Behaviour] = {
    "cut": cuts("Good", " day to you"),
    "stall": stalls("Good", " day to you"),
    "stall with comments": stalls("Good", " day to you", comments=True),
    "malformed": malformed("Good", " day to you"),
    "error": malformed("Good", " day to you", junk=b'{"error": {"message": "boom"}}'),
    "huge line": huge_line("Good", " day to you"),
}


async def listen(call: Call, heard: list[Event], enough: asyncio.Event | None = None) -> None:
    async with call:
        async for event in call:
            heard.append(event)
            if enough is not None and len(heard) >= 5:
                enough.set()


@pytest.mark.parametrize("name", AFTER)
async def test_after_the_first_token_the_break_is_told_and_counted(name: str) -> None:
    async with upstreams(AFTER[name], GOOD) as [bad, good]:
        async with dispatching({"bad": target(bad), "good": target(good)}) as dispatcher:
            call = dispatcher.stream(question(), dispatcher.route("m"))
            heard: list[Event] = []
            with pytest.raises(LlmError) as caught:
                await listen(call, heard)
            assert isinstance(caught.value, UpstreamUnavailable if name == "error" else UpstreamBroken)
            assert heard == [TextDelta("Good"), TextDelta(" day to you")]
            assert call.usage == Usage(PROMPT_ESTIMATE, 4, estimated=True)
            assert call.receipt().outcome == "broken"
            assert await bad.settled(at_most=1 if name in ("malformed", "error") else 0)
            assert dispatcher.lanes["bad"].admission.taken == 0
        assert good.requests == []


async def test_an_answer_without_end_ends_where_its_limit_is_surely_passed() -> None:
    async with upstreams(endless()) as [up], dispatching({"a": target(up)}) as dispatcher:
        async with dispatcher.stream(question(max_tokens=20), dispatcher.route("m")) as call:
            text, finish, _ = await drain(call)
        assert finish == Finish("length", Usage(PROMPT_ESTIMATE, 20, estimated=True)), "no more than was asked for"
        assert len(text) < 20 * 32 + 1024 + 70_000  # what one read may bring at the most
        assert await up.settled()


async def test_an_answer_without_end_ends_after_the_total_time() -> None:
    slow = endless("a ", pause=0.02)
    times = {"first_token": "1s", "idle": "1s", "total": "400ms"}
    async with upstreams(slow) as [up], dispatching({"a": target(up, timeouts=times)}) as dispatcher:
        call = dispatcher.stream(question(), dispatcher.route("m"))
        with pytest.raises(UpstreamBroken):
            await drain(call)
        assert call.receipt().seconds < 30
        assert 1 < call.usage.completion_tokens < 20
        assert await up.settled()


async def test_a_caller_who_leaves_ends_the_call_upstream_and_is_counted() -> None:
    async with upstreams(endless("word ", pause=0.01)) as [up], dispatching({"a": target(up)}) as dispatcher:
        call = dispatcher.stream(question(), dispatcher.route("m"))
        heard: list[Event] = []
        enough = asyncio.Event()
        listener = asyncio.create_task(listen(call, heard, enough))
        await enough.wait()
        listener.cancel()
        with pytest.raises(asyncio.CancelledError):
            await listener
        assert await up.settled(), "the upstream sees it"
        assert call.receipt().outcome == "cancelled"
        assert call.usage == Usage(PROMPT_ESTIMATE, -(-len(heard) * 5 // 4), estimated=True)
        assert dispatcher.lanes["a"].admission.taken == 0


async def test_a_caller_who_leaves_before_the_first_token() -> None:
    async with upstreams(after(5, GOOD, headers_first=True)) as [up], dispatching({"a": target(up)}) as dispatcher:
        call = dispatcher.stream(question(), dispatcher.route("m"))
        waiting = asyncio.create_task(call.begin())
        await asyncio.sleep(0.1)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert (call.receipt().outcome, call.usage) == ("cancelled", Usage(PROMPT_ESTIMATE, estimated=True))
        assert await up.settled()


async def test_counts_that_never_come_are_estimated() -> None:
    async with upstreams(says("Good", " day to you")) as [up], dispatching({"a": target(up)}) as dispatcher:
        async with dispatcher.stream(question(), dispatcher.route("m")) as call:
            _, finish, _ = await drain(call)
        assert finish == Finish("stop", Usage(PROMPT_ESTIMATE, 4, estimated=True))


async def test_counts_in_every_chunk_make_a_cancelled_call_exact() -> None:
    async def counting(exchange: Exchange) -> bool:
        await exchange.begin()
        for number in range(1, 4):
            await exchange.data(chunk({"content": "word"}, usage=counted(21, number)))
        await asyncio.sleep(5)
        return False

    async with upstreams(counting) as [up], dispatching({"a": target(up, continuous_usage=True)}) as dispatcher:
        call = dispatcher.stream(question(), dispatcher.route("m"))
        async with call:
            for _ in range(3):
                await anext(call)
        assert up.requests[0].body["stream_options"]["continuous_usage_stats"] is True
        assert (call.usage.prompt_tokens, call.usage.completion_tokens) == (21, 3)


async def test_a_failing_target_is_left_alone_and_comes_back() -> None:
    async with (
        upstreams((*[refuses(500)] * 5, GOOD), GOOD) as [bad, good],
        dispatching({"bad": target(bad, retries=0), "good": target(good)}) as dispatcher,
    ):
        route = dispatcher.route("m")
        for _ in range(8):
            async with dispatcher.stream(question(), route) as call:
                assert (await drain(call))[0] == "Good day"
            assert call.receipt().target == "good"
        assert len(bad.requests) == 5, "the breaker opened"
        dispatcher.lanes["bad"].breaker._until = 0.0  # the rest is over
        async with dispatcher.stream(question(), route) as call:
            await drain(call)
        assert call.receipt().target == "bad"


async def test_calls_beyond_the_places_wait_and_beyond_the_queue_are_refused() -> None:
    narrow = {"max_concurrency": 2, "queue": 3}
    async with upstreams(after(0.1, GOOD)) as [up], dispatching({"a": target(up, **narrow)}) as dispatcher:
        calls = [dispatcher.stream(question(), dispatcher.route("m")) for _ in range(8)]
        results = await asyncio.gather(*(drain(call) for call in calls), return_exceptions=True)
        assert sum(isinstance(result, ModelOverloaded) for result in results) == 3
        assert sum(isinstance(result, tuple) for result in results) == 5
        assert up.connections == 2
        assert dispatcher.lanes["a"].admission.taken == 0


async def test_tool_calls_and_refusals_pass() -> None:
    async def behave(exchange: Exchange) -> bool:
        await exchange.begin()
        first = {"index": 0, "id": "call_1", "type": "function", "function": {"name": "look", "arguments": ""}}
        await exchange.data(chunk({"role": "assistant", "content": None, "tool_calls": [first]}))
        await exchange.data(chunk({"tool_calls": [{"index": 0, "function": {"arguments": '{"a":'}}]}))
        await exchange.data(chunk({"tool_calls": [{"index": 0, "function": {"arguments": "1}"}}]}))
        await exchange.data(chunk({"refusal": "no"}))
        await exchange.data(chunk({}, "tool_calls"))
        await exchange.data(chunk(usage=counted(5, 6)) | {"choices": None})
        return await exchange.end()

    async with upstreams(behave) as [up], dispatching({"a": target(up)}) as dispatcher:
        async with dispatcher.stream(question(), dispatcher.route("m")) as call:
            _, _, events = await drain(call)
        assert events == [
            ToolCallDelta(0, "call_1", "look", ""),
            ToolCallDelta(0, None, None, '{"a":'),
            ToolCallDelta(0, None, None, "1}"),
            RefusalDelta("no"),
            Finish("tool_calls", Usage(5, 6)),
        ]


async def test_a_connection_that_nobody_takes_up() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as deaf:
        port = deaf.getsockname()[1]
        waiting = [socket.socket() for _ in range(3)]  # they fill the backlog
        try:
            for each in waiting:
                each.setblocking(False)
                each.connect_ex(("127.0.0.1", port))
            await asyncio.sleep(0.05)
            table = {"provider": "openai", "base_url": f"http://127.0.0.1:{port}/v1", "model": "m", "region": "cluster"}
            times = {"connect": "200ms"}
            async with dispatching({"a": {**table, "retries": 0, "timeouts": times}}) as dispatcher:
                call = dispatcher.stream(question(), dispatcher.route("m"))
                with pytest.raises(UpstreamUnavailable):
                    await call.begin()
                assert 0.15 < call.receipt().seconds < 30
        finally:
            for each in waiting:
                each.close()


async def test_nobody_there() -> None:
    async with upstreams(GOOD) as [up]:
        address = target(up)
    async with dispatching({"a": address}) as dispatcher:
        with pytest.raises(UpstreamUnavailable):
            await dispatcher.stream(question(), dispatcher.route("m")).begin()
