"""The rules of sessions."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from configs.rates import Rate
from deployments.kit.errors import PersonNotFound, TooManyRequests
from deployments.kit.logs import get_logger
from deployments.kit.passwords import Passwords
from deployments.kit.principal import Principal
from deployments.kit.rate_limit import RateLimiter
from deployments.kit.work import Work
from deployments.sessions.backoff import Backoff
from deployments.sessions.errors import InvalidRefreshToken, RefreshTokenReused, SessionNotFound, WrongCredentials
from deployments.sessions.repository import Account, AccountRepository
from stores.access_tokens import TokenIssuer
from stores.errors import StoreError
from stores.postgres import Database
from stores.sealing import Keyring
from stores.sessions import RefreshToken, Rotation, Session, SessionStore
from stores.signing_keys import KeyDirectory, rotate_key

SOURCE = "sessions"
log = get_logger(SOURCE)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A session with its first or next pair of tokens."""

    session: Session
    role: str
    access_token: str
    expires_in: int
    refresh_token: str


@dataclass(frozen=True, kw_only=True)
class SessionService:
    """Signs people in and out."""

    database: Database
    store: SessionStore
    issuer: TokenIssuer
    passwords: Passwords
    backoff: Backoff
    limiter: RateLimiter
    credentials_rate: Rate
    keys: KeyDirectory
    keyring: Keyring
    access_token_lifetime: timedelta
    spawn: Callable[[Coroutine[Any, Any, None]], None]  # runs what no answer waits for

    async def sign_in(
        self, work: Work, organisation: str, email: str, password: str, *, user_agent: str, address: str
    ) -> SignedIn:
        """Begin a session. Raises `WrongCredentials`, `SigningInTooOften`, `TooManyRequests`."""
        organisation, email = organisation.strip().lower(), email.strip().lower()
        decision = await self.limiter.take(f"credentials:{address}", self.credentials_rate)
        if not decision.allowed:
            raise TooManyRequests(decision.reset_seconds)
        failures, (org_id, known) = await asyncio.gather(
            self.backoff.check(organisation, email), self._look_up(organisation, email)
        )
        # Compared outside any transaction: it takes a quarter of a second of CPU.
        fits = await self.passwords.verify(password, known.password_hash if known else None)
        if not (fits and org_id and known and known.password_hash):
            raise await self._refused(organisation, email, org_id, known)
        better_hash = await self.passwords.hash(password) if self.passwords.outdated(known.password_hash) else None
        await work.bind(org_id)
        accounts = AccountRepository(await work.connection())
        account = await accounts.lock(known.id)
        if account is None or not account.active or account.password_hash != known.password_hash:
            raise await self._refused(organisation, email, org_id, known)
        if better_hash:
            await accounts.upgrade_hash(account.id, known.password_hash, better_hash)
        session, token = await self.store.create(account.id, org_id, user_agent, address)
        if failures:
            await self.backoff.forget(organisation, email)
        self._publish(work, "session.started.v1", session, role=account.role, registered_at=account.registered_at)
        return await self._signed_in(session, account.role, token)

    async def _refused(
        self, organisation: str, email: str, org_id: UUID | None, known: Account | None
    ) -> WrongCredentials:
        """What to raise, once the failure is counted; its event is on its way where the account exists.

        Nobody waits for the event: the answer would take longer for accounts that exist.
        """
        await self.backoff.failed(organisation, email)
        if org_id and known:
            self.spawn(self._record_refusal(org_id, known.id))
        else:
            self.spawn(self._record_stranger(organisation))
        return WrongCredentials()

    async def _record_refusal(self, org_id: UUID, user_id: UUID) -> None:
        # In a transaction of its own: that of the request is rolled back.
        try:
            async with Work(self.database, org_id, SOURCE) as work:
                work.publish(
                    "user_events", "session.refused.v1", subject=user_id, key=user_id, data={"user_id": user_id}
                )
        except StoreError as error:
            log.warning("refused sign-in not recorded", cause=repr(error))

    async def _record_stranger(self, organisation: str) -> None:
        """An address without an account: nobody's event, but whoever guards the organisation wants to know."""
        try:
            async with self.database.single_statements() as connection:
                org_id = await AccountRepository(connection).organisation(organisation)
            if org_id is not None:
                await Work(self.database, org_id, SOURCE).audit_now("session.refused", account="unknown")
        except StoreError as error:
            log.warning("refused sign-in not recorded", cause=repr(error))

    async def _record_reuse(self, session: Session) -> None:
        try:
            work = Work(self.database, session.org_id, SOURCE)
            await work.audit_now("refresh_token.reused", subject=session.user_id, session_id=session.id)
        except StoreError as error:
            log.warning("reused refresh token not recorded", cause=repr(error))

    async def _look_up(self, organisation: str, email: str) -> tuple[UUID | None, Account | None]:
        async with self.database.single_statements() as connection:
            return await AccountRepository(connection).by_address(organisation, email) or (None, None)

    async def refresh(self, work: Work, text: str) -> SignedIn:
        """Spend a refresh token. Raises `InvalidRefreshToken`, `RefreshTokenReused`."""
        token = RefreshToken.parse(text)
        session = await self.store.find(token.session_id) if token else None
        if token is None or session is None:
            raise InvalidRefreshToken()
        await work.bind(session.org_id)
        # The database is asked before the token is spent: if it is away, the client still holds a good token.
        accounts = AccountRepository(await work.connection())
        account = await accounts.find(session.user_id)
        if account is None or not account.active or not await accounts.organisation_active(session.org_id):
            await self.store.revoke(session.id)
            raise InvalidRefreshToken()
        outcome, successor = await self.store.rotate(token)
        if outcome is Rotation.REUSED:
            self.spawn(self._record_reuse(session))
            raise RefreshTokenReused()
        if outcome is Rotation.UNKNOWN:
            raise InvalidRefreshToken()
        return await self._signed_in(session, account.role, successor)

    async def _signed_in(self, session: Session, role: str, token: RefreshToken) -> SignedIn:
        access_token, expires_in = await self.issuer.issue(
            user_id=session.user_id,
            org_id=session.org_id,
            role=role,
            session_id=session.id,
            session_ends=session.expires_at,
        )
        return SignedIn(
            session=session, role=role, access_token=access_token, expires_in=expires_in, refresh_token=token.text
        )

    async def own(self, principal: Principal) -> list[Session]:
        """One's own live sessions."""
        return await self.store.of_user(principal.user_id)

    async def revoke(self, work: Work, principal: Principal, session_id: UUID) -> None:
        """End one of one's own sessions. Raises `SessionNotFound`."""
        session = await self.store.find(session_id)
        if session is None or session.user_id != principal.user_id:
            raise SessionNotFound()
        await self.store.revoke(session_id)
        self._publish(work, "session.ended.v1", session)

    async def revoke_all(self, work: Work, principal: Principal) -> int:
        """End all of one's own sessions, the present one included."""
        return await self._revoke_all(work, principal.user_id)

    async def of_person(self, work: Work, user_id: UUID) -> list[Session]:
        """The live sessions of a person of the same organisation. Raises `PersonNotFound`."""
        await self._require_person(work, user_id)
        return await self.store.of_user(user_id)

    async def revoke_all_of(self, work: Work, user_id: UUID) -> int:
        """End all sessions of a person of the same organisation. Raises `PersonNotFound`."""
        await self._require_person(work, user_id)
        return await self._revoke_all(work, user_id)

    async def _require_person(self, work: Work, user_id: UUID) -> None:
        if await AccountRepository(await work.connection()).find(user_id) is None:
            raise PersonNotFound()

    async def _revoke_all(self, work: Work, user_id: UUID) -> int:
        count = await self.store.revoke_all(user_id)
        work.publish(
            "user_events", "sessions.ended.v1", subject=user_id, key=user_id, data={"user_id": user_id, "count": count}
        )
        return count

    async def key_set(self) -> list[dict[str, Any]]:
        """The public keys that access tokens may be signed with, now or soon."""
        return [key.jwk for key in await self.keys.published("access")]

    async def rotate_keys(self, work: Work) -> str:
        """Publish a new signing key. Returns its kid."""
        kid = await rotate_key(await work.connection(), self.keyring, "access", self.access_token_lifetime)
        work.audit("signing_key.rotated", subject=kid, platform=True, purpose="access")
        work.after_commit(self.keys.refresh)
        return kid

    def _publish(self, work: Work, type: str, session: Session, **more: Any) -> None:
        work.publish(
            "user_events",
            type,
            subject=session.user_id,
            key=session.user_id,
            data={"user_id": session.user_id, "session_id": session.id, **more},
        )
