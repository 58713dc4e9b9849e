"""What several of the rules share."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, TypeVar
from uuid import UUID

from pydantic import BaseModel

from configs.rates import Rate
from deployments.kit.errors import PersonNotFound, TooManyRequests
from deployments.kit.principal import Principal
from deployments.kit.rate_limit import RateLimiter
from deployments.kit.work import Work
from deployments.users.errors import LastAdministrator, LastPlatformAdministrator
from deployments.users.repository.organisations import OrganisationRepository, OrganisationRow
from deployments.users.repository.people import User, UserRepository
from deployments.users.roles import require_act_on
from stores.sessions import SessionStore

Row = TypeVar("Row", User, OrganisationRow)


async def admit(limiter: RateLimiter, key: str, rate: Rate) -> None:
    """Take a hit. Raises `TooManyRequests`."""
    decision = await limiter.take(key, rate)
    if not decision.allowed:
        raise TooManyRequests(decision.reset_seconds)


def publish(work: Work, type: str, user_id: UUID, **data: Any) -> None:
    """An event about a person, in the order of that person's events."""
    work.publish("user_events", type, subject=user_id, key=user_id, data={"user_id": user_id, **data})


async def end_sessions(work: Work, sessions: SessionStore, user_id: UUID, *, keep: UUID | None = None) -> int:
    """End a person's sessions but `keep`, everywhere. Returns how many.

    The person's row must be locked before, so that a sign-in in flight either has made its session already, and it
    is ended here, or sees what was changed.
    """
    count = await sessions.revoke_all(user_id, keep=keep)
    if count:
        publish(work, "sessions.ended.v1", user_id, count=count)
    return count


async def lock_person(work: Work, principal: Principal, user_id: UUID) -> User:
    """A person for a change that may depend on others of the organisation. Raises `PersonNotFound`, `RoleNotYours`.

    The organisation is locked first: two administrators who demote each other come one after the other.
    """
    connection = await work.connection()
    await OrganisationRepository(connection).lock(work.org_id)
    user = await UserRepository(connection).lock(user_id)
    if user is None:
        raise PersonNotFound()
    require_act_on(principal.role, user.role)
    return user


async def keep_an_administrator(work: Work, leaving: User) -> None:
    """Raises `LastAdministrator` where the organisation would be left without one, `LastPlatformAdministrator` where
    the platform would."""
    users = UserRepository(await work.connection())
    if leaving.administers and await users.active_administrators() <= 1:
        raise LastAdministrator()
    if leaving.administers_the_platform and not await users.platform_keeps_administrator(without_person=leaving.id):
        raise LastPlatformAdministrator()


def amended(row: Row, change: BaseModel, *, nullable: frozenset[str] = frozenset()) -> Row:
    """The row with what a change names; null changes only `nullable` fields."""
    given = change.model_dump(exclude_unset=True)
    return replace(row, **{name: value for name, value in given.items() if value is not None or name in nullable})
