"""One's own profile, and the part of it that is kept encrypted."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from deployments.kit.errors import PersonNotFound
from deployments.kit.etags import check_match
from deployments.kit.principal import Principal
from deployments.kit.work import Work
from deployments.users.repository.people import User, UserRepository
from deployments.users.schemas import ProfileChange, Sensitive
from deployments.users.service.common import amended, publish
from stores.sealing import Keyring
from stores.sensitive import sensitive_context


@dataclass(frozen=True, kw_only=True)
class ProfileService:
    """What people see and change about themselves."""

    keyring: Keyring

    async def me(self, work: Work, principal: Principal) -> User:
        """Oneself. Raises `PersonNotFound` where one was erased a moment ago."""
        user = await UserRepository(await work.connection()).find(principal.user_id)
        if user is None:
            raise PersonNotFound()
        return user

    async def change(self, work: Work, principal: Principal, change: ProfileChange, if_match: str | None) -> User:
        """Raises `PreconditionFailed`."""
        users = UserRepository(await work.connection())
        user = await self._lock(users, principal, if_match)
        wanted = amended(user, change)
        if wanted == user:
            return user
        changed = await users.change(wanted)
        publish(work, "user.updated.v1", user.id)
        return changed

    async def sensitive(self, work: Work, principal: Principal) -> tuple[User, Sensitive]:
        """Oneself and one's sealed fields, opened."""
        user = await self.me(work, principal)
        sealed = await UserRepository(await work.connection()).sensitive(user.id)
        return user, self.open(user.id, sealed)

    def open(self, user_id: UUID, sealed: bytes | None) -> Sensitive:
        """Raises `SealBroken`."""
        if sealed is None:
            return Sensitive()
        return Sensitive.model_validate_json(self.keyring.open(sealed, sensitive_context(user_id)))

    async def replace_sensitive(
        self, work: Work, principal: Principal, sensitive: Sensitive, if_match: str | None
    ) -> User:
        """Seal the fields as given; nothing is kept where all are absent. Raises `PreconditionFailed`."""
        users = UserRepository(await work.connection())
        user = await self._lock(users, principal, if_match)
        plain = sensitive.model_dump_json(exclude_none=True).encode()
        if sensitive == Sensitive():
            changed = await users.set_sensitive(user.id, None, None)
        else:
            sealed = self.keyring.seal(plain, sensitive_context(user.id))
            changed = await users.set_sensitive(user.id, sealed, self.keyring.active)
        publish(work, "sensitive_profile.replaced.v1", user.id)
        return changed

    @staticmethod
    async def _lock(users: UserRepository, principal: Principal, if_match: str | None) -> User:
        user = await users.lock(principal.user_id)
        if user is None:
            raise PersonNotFound()
        check_match(if_match, user.revision)
        return user
