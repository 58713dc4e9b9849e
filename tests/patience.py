"""How long tests wait for what must come.

It is patience only: an end is there so that what never comes fails with a reason, and it is far enough for a machine
that is slow and has much else to do. What is asked of speed is measured by `benchmarks/`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

PATIENCE_SECONDS = 90.0


async def patiently(pause_seconds: float = 0.02) -> AsyncIterator[None]:
    """Rounds of a loop that looks for something, with a pause after each; whoever finds it breaks off."""
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < give_up_at:
        yield
        await asyncio.sleep(pause_seconds)
