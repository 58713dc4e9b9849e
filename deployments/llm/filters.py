"""Hooks on what goes to a model and what comes back, as it flows: where rules about content plug in."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from typing import Literal, Protocol

from deployments.llm.call import Source
from deployments.llm.conversation import (
    ChatRequest,
    Event,
    Finish,
    RefusalDelta,
    TextDelta,
    ToolCallDelta,
)

# The streams of text inside one answer; every tool call's arguments are one of their own.
Channel = Literal["text", "refusal", "arguments"]


class Blocked(Exception):
    """A filter ends the answer. `explanation` is shown to the caller as the refusal."""

    def __init__(self, explanation: str) -> None:
        super().__init__(explanation)
        self.explanation = explanation


class StreamFilter(Protocol):
    """Watches one channel of one answer. It may hold text back until it has seen enough to judge it."""

    def on_delta(self, text: str) -> str:
        """Some text arrived; gives what may go on to the caller, changed or not, perhaps nothing. Raises `Blocked`."""
        ...

    def on_end(self) -> str:
        """Nothing more arrives; gives what was held back. Raises `Blocked`."""
        ...


class Filter(Protocol):
    """A rule about content."""

    async def on_request(self, request: ChatRequest) -> ChatRequest:
        """What may be asked, changed or not. Raises `Blocked`."""
        ...

    def open(self, channel: Channel) -> StreamFilter | None:
        """Watch a channel of an answer; None: this filter has nothing to say about it."""
        ...


class Identity:
    """The filter that changes nothing, and costs nothing."""

    async def on_request(self, request: ChatRequest) -> ChatRequest:
        return request

    def open(self, channel: Channel) -> StreamFilter | None:
        return None


class Chain:
    """Several filters as one; text passes them in order."""

    def __init__(self, filters: Sequence[Filter]) -> None:
        self._filters = filters

    async def on_request(self, request: ChatRequest) -> ChatRequest:
        for each in self._filters:
            request = await each.on_request(request)
        return request

    def open(self, channel: Channel) -> StreamFilter | None:
        opened = [stream for each in self._filters if (stream := each.open(channel)) is not None]
        return _ChainedStream(opened) if opened else None


class _ChainedStream:
    def __init__(self, streams: Sequence[StreamFilter]) -> None:
        self._streams = streams

    def on_delta(self, text: str) -> str:
        for stream in self._streams:
            if not text:
                break
            text = stream.on_delta(text)
        return text

    def on_end(self) -> str:
        text = ""
        for stream in self._streams:
            text = (stream.on_delta(text) if text else "") + stream.on_end()
        return text


async def filtered(call: Source, rule: Filter) -> AsyncGenerator[list[Event], None]:
    """The call's batches as the filter lets them through.

    Where the filter blocks, the call ends at the upstream, and the answer ends with the explanation as a refusal and
    `content_filter`; its usage is what had been consumed. Raises what the call raises, after what was held back.
    """
    if type(rule) is Identity:
        while batch := await call.batch():
            yield batch
        return
    channels = _Channels(rule)
    while batch := await call.batch():
        out: list[Event] = []
        try:
            for event in batch:
                channels.pass_on(event, out)
        except Blocked as blocked:
            await call.close()
            yield [*out, RefusalDelta(blocked.explanation), Finish("content_filter", call.usage)]
            return
        if out:
            yield out


class _Channels:
    """The open filters of one answer."""

    def __init__(self, rule: Filter) -> None:
        self._rule = rule
        self._open: dict[tuple[Channel, int], StreamFilter | None] = {}

    def _filter(self, channel: Channel, index: int = 0) -> StreamFilter | None:
        key = (channel, index)
        if key not in self._open:
            self._open[key] = self._rule.open(channel)
        return self._open[key]

    def pass_on(self, event: Event, out: list[Event]) -> None:
        """Append what of the event may go on. Raises `Blocked`."""
        if isinstance(event, Finish):
            self._flush(out)
            out.append(event)
        elif isinstance(event, ToolCallDelta):
            stream = self._filter("arguments", event.index)
            arguments = event.arguments if stream is None or not event.arguments else stream.on_delta(event.arguments)
            if event.id or event.name or arguments:
                out.append(ToolCallDelta(event.index, event.id, event.name, arguments))
        else:
            stream = self._filter("text" if isinstance(event, TextDelta) else "refusal")
            if text := event.text if stream is None else stream.on_delta(event.text):
                out.append(type(event)(text))

    def _flush(self, out: list[Event]) -> None:
        for (channel, index), stream in self._open.items():
            if stream is not None and (rest := stream.on_end()):
                if channel == "arguments":
                    out.append(ToolCallDelta(index, arguments=rest))
                else:
                    out.append(TextDelta(rest) if channel == "text" else RefusalDelta(rest))
