"""A cache bounded by bytes that forgets what was used least recently."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class BoundedCache(Generic[Key, Value]):
    """For one event loop; `weigh` gives a value's size in bytes, which must not change."""

    def __init__(self, maximum_bytes: int, weigh: Callable[[Value], int]) -> None:
        self._maximum_bytes = maximum_bytes
        self._weigh = weigh
        self._entries: OrderedDict[Key, Value] = OrderedDict()
        self.bytes = 0

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[tuple[Key, Value]]:
        return iter(self._entries.items())

    def get(self, key: Key) -> Value | None:
        """The value, which thereby counts as used."""
        value = self._entries.get(key)
        if value is not None:
            self._entries.move_to_end(key)
        return value

    def put(self, key: Key, value: Value) -> None:
        """Keep a value, forgetting others for it; one that is larger than the whole cache is not kept."""
        self.discard(key)
        weight = self._weigh(value)
        if weight > self._maximum_bytes:
            return
        self._entries[key] = value
        self.bytes += weight
        while self.bytes > self._maximum_bytes:
            self.bytes -= self._weigh(self._entries.popitem(last=False)[1])

    def discard(self, key: Key) -> None:
        """Forget a key, if it is there."""
        value = self._entries.pop(key, None)
        if value is not None:
            self.bytes -= self._weigh(value)

    def clear(self) -> None:
        """Forget everything."""
        self._entries.clear()
        self.bytes = 0
