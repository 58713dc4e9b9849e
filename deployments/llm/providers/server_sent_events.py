"""The data of server-sent events, out of bytes as they arrive (WHATWG HTML, section 9.2.6)."""

from __future__ import annotations

from deployments.llm.errors import UpstreamBroken

LONGEST_EVENT_BYTES = 4_194_304  # tool arguments and images arrive as single lines


class EventReader:
    """Incremental and linear in the bytes fed, whatever their portions; keeps at most one unfinished event."""

    __slots__ = ("_buffer", "_data", "_limit", "_searched", "_size")

    def __init__(self, limit_bytes: int = LONGEST_EVENT_BYTES) -> None:
        self._buffer = bytearray()
        self._searched = 0
        self._data: list[bytes] = []
        self._size = 0
        self._limit = limit_bytes

    def feed(self, portion: bytes) -> list[bytes]:
        """The data of every event that the portion completes. Raises `UpstreamBroken` where one is too long."""
        if len(self._buffer) + self._size > self._limit:
            raise UpstreamBroken("The upstream sent an event without end")
        self._buffer += portion
        end = self._buffer.rfind(b"\n", self._searched) + 1
        if end == 0:
            self._searched = len(self._buffer)
            return []
        lines = bytes(self._buffer[:end]).splitlines()
        del self._buffer[:end]
        self._searched = len(self._buffer)
        return self._events(lines)

    def _events(self, lines: list[bytes]) -> list[bytes]:
        events: list[bytes] = []
        for line in lines:
            if not line:
                if self._data:
                    events.append(self._data[0] if len(self._data) == 1 else b"\n".join(self._data))
                    self._data = []
                    self._size = 0
            elif line.startswith(b"data:"):
                self._data.append(line[6:] if line.startswith(b"data: ") else line[5:])
                self._size += len(line)
        return events

    def rest(self) -> list[bytes]:
        """The last event of a stream that ended without the blank line after it."""
        return self.feed(b"\n\n")
