"""Which rules about content hold for a call: the one place where they are put together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from deployments.llm.caller import Caller
from deployments.llm.filters import Chain, Filter, Identity
from deployments.llm.policy import Policy


class Safeguard(Protocol):
    """Brings a filter for each call that it has something to say about. One object for each process."""

    async def for_call(self, caller: Caller, policy: Policy) -> Filter | None:
        """A filter of this call alone, which may keep state between its question and its answer; None: nothing to say.

        Every call pays for this: answer from memory.
        """
        ...


class Safeguards:
    """All of them, in the order in which text passes them."""

    def __init__(self, safeguards: Sequence[Safeguard] = ()) -> None:
        self._safeguards = safeguards

    async def for_call(self, caller: Caller, policy: Policy) -> Filter:
        """One filter for the call."""
        if not self._safeguards:
            return Identity()
        filters = [f for each in self._safeguards if (f := await each.for_call(caller, policy)) is not None]
        return Chain(filters) if filters else Identity()
