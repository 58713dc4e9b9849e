"""What the users service has housekeeping do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from actors.housekeeper.duties import Duty
from configs.settings import Settings
from deployments.users.letters import Letters
from deployments.users.links import LinkToken
from deployments.users.repository.links import MailRepository, RequestedAccount, Reset, ResetRepository
from stores import events
from stores.events import Event
from stores.postgres import Connection, Database

_REQUESTS_AT_ONCE = 100


@dataclass(frozen=True)
class AnswerResetRequests:
    """Looks up who asked for a new password and mails those who have an account a link."""

    letters: Letters
    lifetime: timedelta

    async def __call__(self, database: Database) -> int:
        """Under `azora_system`. Returns how many requests were taken, known addresses or not."""
        total = 0
        while True:
            async with database.transaction(None) as connection:
                requests = await ResetRepository(connection).claim_requests(_REQUESTS_AT_ONCE)
                await self._answer(connection, await ResetRepository(connection).accounts_of(requests))
            total += len(requests)
            if len(requests) < _REQUESTS_AT_ONCE:
                return total

    async def _answer(self, connection: Connection, accounts: list[RequestedAccount]) -> None:
        expires_at = datetime.now(UTC) + self.lifetime
        tokens = [LinkToken.create(account.org_id) for account in accounts]
        resets = [
            Reset(user_id=account.id, token=token, expires_at=expires_at)
            for account, token in zip(accounts, tokens, strict=True)
        ]
        letters = [
            self.letters.reset(account.email, account.first_name, account.organisation, token, expires_at)
            for account, token in zip(accounts, tokens, strict=True)
        ]
        await ResetRepository(connection).insert(resets)
        await MailRepository(connection).post(letters)
        await events.append(connection, [_requested(account) for account in accounts])


def _requested(account: RequestedAccount) -> Event:
    return Event(
        topic="user_events",
        type="password_reset.requested.v1",
        source="/users",
        subject=str(account.id),
        key=str(account.id),
        org_id=account.org_id,
        data={"user_id": account.id},
    )


def duties(settings: Settings) -> list[Duty]:
    """All of them."""
    answer = AnswerResetRequests(Letters(settings.base_url), settings.password_reset_lifetime)
    return [Duty(name="answer_reset_requests", every=timedelta(seconds=2), run=answer)]
