"""What was used last, kept in memory so that it need not be read again."""

from __future__ import annotations

from collections.abc import Collection
from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class Hot(Generic[Key, Value]):
    """At most `capacity` values of partitions, those that were used longest ago given up first."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._values: dict[tuple[int, Key], Value] = {}

    def __len__(self) -> int:
        return len(self._values)

    def take(self, partition: int, key: Key) -> Value | None:
        """The value, or None; to be put back after use."""
        return self._values.pop((partition, key), None)

    def put(self, partition: int, key: Key, value: Value) -> None:
        """Keep the value as the one used last."""
        self._values[partition, key] = value

    def trim(self) -> None:
        """Give up what is too much. Not before everything that is in use has been put back."""
        surplus = len(self._values) - self._capacity
        if surplus > 0:
            for key in list(self._values)[:surplus]:
                del self._values[key]

    def forget(self, partitions: Collection[int]) -> None:
        """Give up all values of partitions."""
        self._values = {key: value for key, value in self._values.items() if key[0] not in partitions}

    def clear(self) -> None:
        """Give up everything."""
        self._values.clear()
