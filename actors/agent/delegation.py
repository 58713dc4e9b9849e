"""Tokens with which a task acts as the person who asked for it (in the manner of RFC 8693).

A person's tasks share one session, made when they ask for one while they have none. It is among the person's sessions,
so whatever ends those ends it: an administrator, a new role, a new password, an erasure. A token lives two minutes, is
of that session, names the task in `act` and in `scope` the permissions of the tools that the task's plan uses. A task
that waited for days gets a new one the same way: if the session lives and the person is active, with the role they have
by now.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field

from actors.agent.errors import DelegationEnded
from actors.agent.store import Task, TaskStore
from stores.access_tokens import Delegate, TokenIssuer
from stores.sessions import SessionStore

LIFETIME_SECONDS = 120
_SPARE_SECONDS = 30.0


@dataclass(frozen=True, kw_only=True)
class Delegations:
    """Mints tokens."""

    store: TaskStore
    sessions: SessionStore
    issuer: TokenIssuer

    async def mint(self, task: Task, scope: Collection[str]) -> tuple[str, float]:
        """A token and when to get the next one (monotonic seconds). Raises `DelegationEnded`, `StoreUnavailable`."""
        session = await self.sessions.find(task.delegation_id)
        if session is None or session.user_id != task.user_id or session.org_id != task.org_id:
            raise DelegationEnded("The session that the task acts under was ended")
        role = await self.store.role(task)
        if role is None:
            raise DelegationEnded("The person, or the organisation, is not active")
        token, seconds = await self.issuer.issue(
            user_id=task.user_id, org_id=task.org_id, role=role, session_id=session.id,
            session_ends=session.expires_at, delegate=Delegate(f"task:{task.id}", scope),
        )  # fmt: skip
        return token, time.monotonic() + max(0.0, seconds - _SPARE_SECONDS)


@dataclass(slots=True)
class TaskToken:
    """The token of one task, renewed before it expires."""

    mint: Callable[[], Awaitable[tuple[str, float]]]
    _token: str | None = field(default=None, repr=False)
    _good_until: float = float("-inf")

    async def __call__(self, refused: bool = False) -> str:
        """A good token; a new one where the last was refused."""
        if self._token is None or refused or time.monotonic() >= self._good_until:
            self._token, self._good_until = await self.mint()
        return self._token
