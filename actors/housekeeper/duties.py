"""What is done from time to time. A duty is safe to repeat, and to be done by two housekeepers at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol, runtime_checkable

import structlog

from actors.housekeeper.reporting import ReportLag, report_figures
from configs.settings import Settings
from stores.audit.sealing import SEAL_EVERY, SealAudit
from stores.event_log.trimming import TrimLog
from stores.mail import SEND_SECONDS, Mail, MailNotSent, MailTransport, mail_transport
from stores.postgres import Database
from stores.queries import load_queries

_queries = load_queries(__file__)
log = structlog.get_logger("azora.housekeeper")

_MAILS_AT_ONCE = 20
# A mail that is being sent is not taken again before this; twice what sending takes at the longest.
_LEASE = timedelta(seconds=2 * SEND_SECONDS)
_LONGEST_WAIT = timedelta(hours=6)
_ANSWERS_KEPT = timedelta(hours=24)
_LINKS_KEPT = timedelta(days=30)
_MAILS_KEPT = timedelta(days=30)
_ROWS_AT_ONCE = 10_000


@runtime_checkable
class Closable(Protocol):
    """What a duty's `run` is where it holds connections of its own."""

    async def aclose(self) -> None: ...


@dataclass(frozen=True, kw_only=True)
class Duty:
    """Something to run every so often over all tenants; `run` gets a database under `azora_system`, returns a count.

    It is sent to the actor's process, so `run` is a function of a module or an instance of a picklable class.
    """

    name: str
    every: timedelta
    run: Callable[[Database], Awaitable[int]]


@dataclass(frozen=True)
class DeliverMails:
    """Hands over the mails that are due, at least once each.

    A mail is leased before it is sent and deleted after; whoever dies between the two leaves it for the next, under
    the same Message-ID. Each failure doubles the wait, up to six hours.
    """

    transport: MailTransport

    async def __call__(self, database: Database) -> int:
        """Returns how many were handed over."""
        delivered = 0
        while mails := await self._lease(database):
            outcomes = await asyncio.gather(*(self._send(mail) for mail in mails))
            sent = [mail.id for mail, is_sent in zip(mails, outcomes, strict=True) if is_sent]
            async with database.transaction(None) as connection:
                await _queries.delete_mails(connection, ids=sent)
            delivered += len(sent)
        return delivered

    async def _lease(self, database: Database) -> list[Mail]:
        async with database.transaction(None) as connection:
            rows = _queries.lease_mails(connection, limit=_MAILS_AT_ONCE, lease=_LEASE, longest_wait=_LONGEST_WAIT)
            return [Mail(**row) async for row in rows]

    async def _send(self, mail: Mail) -> bool:
        try:
            await self.transport.send(mail)
        except MailNotSent as error:
            log.warning("mail not sent", mail_id=str(mail.id), cause=error.detail)
            return False
        return True


async def give_up_mails(database: Database) -> int:
    """Delete mails that nobody took for thirty days: an address is personal data and is not kept for ever."""
    count = await _in_batches(database, _queries.delete_old_mails, _MAILS_KEPT)
    if count:
        log.error("mails given up", count=count, after_days=_MAILS_KEPT.days)
    return count


async def forget_answers(database: Database) -> int:
    """Delete answers kept for `Idempotency-Key` for more than a day."""
    return await _in_batches(database, _queries.delete_old_answers, _ANSWERS_KEPT)


async def forget_links(database: Database) -> int:
    """Delete password resets and invitations that ended more than thirty days ago."""
    resets = await _in_batches(database, _queries.delete_old_resets, _LINKS_KEPT)
    return resets + await _in_batches(database, _queries.delete_old_invitations, _LINKS_KEPT)


async def _in_batches(database: Database, delete: Any, age: timedelta) -> int:
    # Short transactions: a long one would hold up the readers of the outbox and vacuum.
    total = 0
    while True:
        async with database.transaction(None) as connection:
            count: int = await delete(connection, age=age, limit=_ROWS_AT_ONCE)
        total += count
        if count < _ROWS_AT_ONCE:
            return total


def standard_duties(settings: Settings) -> list[Duty]:
    """The platform's own. Services bring theirs. Raises `ConfigurationError` for an SMTP address that is none."""
    return [
        Duty(name="deliver_mails", every=timedelta(seconds=2), run=DeliverMails(mail_transport(settings))),
        Duty(name="give_up_mails", every=timedelta(hours=1), run=give_up_mails),
        Duty(name="forget_answers", every=timedelta(minutes=10), run=forget_answers),
        Duty(name="forget_links", every=timedelta(hours=1), run=forget_links),
        Duty(name="seal_audit_log", every=SEAL_EVERY, run=SealAudit(settings)),
        Duty(name="trim_event_log", every=timedelta(hours=1), run=TrimLog(settings.event_retention)),
        Duty(name="report_lag", every=timedelta(seconds=15), run=ReportLag()),
        Duty(name="report_figures", every=timedelta(seconds=30), run=report_figures),
    ]
