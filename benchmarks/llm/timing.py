"""Calls one after the other over a kept connection, timed by a client that costs next to nothing."""

from __future__ import annotations

import http.client
import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import quantiles
from urllib.parse import urlsplit

import orjson


@dataclass(frozen=True)
class Place:
    """Where to ask, as whom, for which model."""

    url: str
    token: str
    model: str = "fast"

    def body(self, *, stream: bool, number: int | str) -> bytes:
        """What is asked: with another number something that nobody has seen before."""
        messages = [{"role": "user", "content": f"What is the time in zone {number}? Answer with words."}]
        return orjson.dumps({"model": self.model, "messages": messages, "stream": stream, "max_tokens": 64})


class Caller:
    """One connection to a place."""

    def __init__(self, place: Place, *, stream: bool) -> None:
        parts = urlsplit(place.url)
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
        self._path = f"{parts.path}/chat/completions"
        self._headers = {"authorization": f"Bearer {place.token}", "content-type": "application/json"}
        self._place, self._stream = place, stream
        self._number = 0

    def call(self) -> tuple[float, float]:
        """Milliseconds to the first word of the answer, and to its end."""
        self._number += 1
        body = self._place.body(stream=self._stream, number=self._number)
        began = time.perf_counter()
        self._connection.request("POST", self._path, body, self._headers)
        answer = self._connection.getresponse()
        content, first = b"", 0.0
        while portion := answer.read1(65_536):
            content += portion
            if not first and b"word" in content:
                first = time.perf_counter()
        ended = time.perf_counter()
        answer.read()  # tells the connection that this answer is over
        assert answer.status == 200, content[:500]
        return (first - began) * 1000, (ended - began) * 1000

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def interleaved(places: Sequence[Place], calls: int, *, stream: bool) -> list[list[tuple[float, float]]]:
    """So many calls of each, in turn, so that a busy moment of the machine meets all alike."""
    callers = [Caller(place, stream=stream) for place in places]
    for caller in callers:
        for _ in range(20):
            caller.call()
    times: list[list[tuple[float, float]]] = [[] for _ in places]
    for _ in range(calls):
        for caller, found in zip(callers, times, strict=True):
            found.append(caller.call())
    for caller in callers:
        caller.close()
    return times


def at(values: Sequence[float], percent: int) -> float:
    """A percentile."""
    return quantiles(values, n=100, method="inclusive")[percent - 1]
