"""Messages from those who teach or administer to people of the organisation, by mail."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from configs.rates import Rate
from deployments.kit.errors import PersonNotFound
from deployments.kit.principal import Principal
from deployments.kit.rate_limit import RateLimiter
from deployments.kit.work import Work
from deployments.users.letters import Letters
from deployments.users.repository.links import MailRepository
from deployments.users.repository.people import UserRepository
from deployments.users.service.common import admit, publish
from stores.ids import new_id

_RATE = Rate(500, 3600)  # per sender


@dataclass(frozen=True, kw_only=True)
class MessageService:
    """Whom one may write to: an administrator everybody, an instructor the learners of the courses they teach."""

    letters: Letters
    limiter: RateLimiter

    async def send(self, work: Work, principal: Principal, recipient_id: UUID, subject: str, body: str) -> UUID:
        """Leave a mail to be delivered. Raises `PersonNotFound`, `TooManyRequests`."""
        await admit(self.limiter, f"messages:{principal.user_id.hex}", _RATE)
        users = UserRepository(await work.connection())
        reach = None if principal.may("people.read") else principal.user_id
        recipient = await users.reachable(recipient_id, taught_by=reach)
        sender = await users.find(principal.user_id)
        if recipient is None or sender is None:
            raise PersonNotFound()
        message_id = new_id()
        letter = self.letters.message(
            work.org_id, recipient.email, f"{sender.first_name} {sender.last_name}", subject, body
        )
        await MailRepository(await work.connection()).post([letter])
        publish(work, "user.messaged.v1", recipient_id, message_id=message_id, sender_id=principal.user_id)
        return message_id
