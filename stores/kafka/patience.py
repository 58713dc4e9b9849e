"""Whether a broker keeps a fetch waiting until there is something to return, as Kafka does.

Some that speak Kafka's protocol answer empty at once. The client then asks again at once, tens of thousands of times a
second, and takes a core of each side; so whoever meets one has to pause by himself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

# A broker that waits is asked some ten times a second. One that is asked so often for nothing does not.
_EMPTY_FETCHES_A_SECOND = 500


class Patience:
    """Judges by the client's own statistics. Once found wanting, a broker stays so."""

    def __init__(self) -> None:
        self.is_lacking = False
        self._before: tuple[float, int] | None = None

    def observe(self, statistics: str) -> None:
        """To be given all of librdkafka's statistics, in the order of their times."""
        if self.is_lacking:
            return
        told = orjson.loads(statistics)
        now, empty = told["time"], _fetches(told) - int(told["rxmsgs"])
        if self._before is not None:
            before, fewer = self._before
            self.is_lacking = empty - fewer > _EMPTY_FETCHES_A_SECOND * max(now - before, 1)
        self._before = now, empty


def _fetches(told: Mapping[str, Any]) -> int:
    return sum(int(broker["req"].get("Fetch", 0)) for broker in told["brokers"].values())
