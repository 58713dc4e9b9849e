"""Rules about content, on requests and on streams."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st

from deployments.llm.call import Call
from deployments.llm.conversation import (
    ChatRequest,
    Event,
    Finish,
    Message,
    RefusalDelta,
    TextDelta,
    ToolCallDelta,
    Usage,
)
from deployments.llm.filters import Blocked, Chain, Channel, Filter, Identity, StreamFilter, filtered

USAGE = Usage(3, 4)
END = Finish("stop", USAGE)


class FakeCall:
    """Says what it is given, in batches."""

    def __init__(self, *batches: list[Event]) -> None:
        self._batches = [*batches, []]
        self.usage = USAGE
        self.closed = False

    async def batch(self) -> list[Event]:
        return self._batches.pop(0)

    async def close(self) -> None:
        self.closed = True


class Redact:
    """Replaces a word; holds back as much as could be its beginning."""

    def __init__(self, word: str, channels: tuple[Channel, ...] = ("text",)) -> None:
        self.word = word
        self.channels = channels

    async def on_request(self, request: ChatRequest) -> ChatRequest:
        return replace(
            request, messages=tuple(replace(m, text=m.text.replace(self.word, "*")) for m in request.messages)
        )

    def open(self, channel: Channel) -> StreamFilter | None:
        return _RedactStream(self.word) if channel in self.channels else None


class _RedactStream:
    def __init__(self, word: str) -> None:
        self.word = word
        self.held = ""

    def on_delta(self, text: str) -> str:
        self.held = (self.held + text).replace(self.word, "*")
        keep = next((n for n in range(len(self.word) - 1, 0, -1) if self.held.endswith(self.word[:n])), 0)
        out, self.held = self.held[: len(self.held) - keep], self.held[len(self.held) - keep :]
        return out

    def on_end(self) -> str:
        return self.held


class Forbid(Identity):
    """Blocks an answer with a word in it."""

    def open(self, channel: Channel) -> StreamFilter | None:
        return self

    def on_delta(self, text: str) -> str:
        if "forbidden" in text:
            raise Blocked("That is not for here")
        return text

    def on_end(self) -> str:
        return ""


async def run(rule: Filter, *batches: list[Event]) -> tuple[list[Event], FakeCall]:
    call = FakeCall(*batches)
    found = [event async for batch in filtered(cast(Call, cast(Any, call)), rule) for event in batch]
    return found, call


@given(st.text("sec ret", max_size=60), st.lists(st.integers(1, 5), min_size=1, max_size=30))
async def test_a_word_is_found_however_the_stream_is_cut(text: str, sizes: list[int]) -> None:
    deltas: list[TextDelta] = []
    at = 0
    while at < len(text):
        deltas.append(TextDelta(text[at : at + sizes[len(deltas) % len(sizes)]]))
        at += len(deltas[-1].text)
    found, _ = await run(Redact("secret"), *[list[Event]([delta]) for delta in deltas], [END])
    assert "".join(event.text for event in found if isinstance(event, TextDelta)) == text.replace("secret", "*")
    assert found[-1] == END


async def test_identity_changes_nothing() -> None:
    events: list[Event] = [TextDelta("a"), ToolCallDelta(0, "id", "name", "{"), END]
    assert (await run(Identity(), events))[0] == events


async def test_every_tool_call_is_a_channel_of_its_own() -> None:
    found, _ = await run(
        Redact("secret", ("arguments",)),
        [ToolCallDelta(0, "i", "n", "sec"), ToolCallDelta(1, "j", "n", "ret")],
        [ToolCallDelta(0, arguments="ret"), TextDelta("secret"), END],
    )
    assert found == [
        ToolCallDelta(0, "i", "n", ""),
        ToolCallDelta(1, "j", "n", "ret"),
        ToolCallDelta(0, arguments="*"),
        TextDelta("secret"),
        END,
    ]


async def test_a_blocked_answer_ends_the_call_and_says_why() -> None:
    found, call = await run(Forbid(), [TextDelta("fine")], [TextDelta("so "), TextDelta("forbidden")], [END])
    refusal, finish = RefusalDelta("That is not for here"), Finish("content_filter", USAGE)
    assert found == [TextDelta("fine"), TextDelta("so "), refusal, finish]
    assert call.closed


async def test_a_chain_passes_what_was_held_back_on() -> None:
    chain = Chain([Redact("ab"), Identity(), Redact("*c")])
    found, _ = await run(chain, [TextDelta("xa")], [TextDelta("bcxa")], [END])
    assert "".join(event.text for event in found if isinstance(event, TextDelta)) == "x*xa"
    request = ChatRequest(model="m", messages=(Message(role="user", text="ab ab"),))
    assert (await chain.on_request(request)).messages[0].text == "* *"
    assert Chain([Identity()]).open("text") is None
