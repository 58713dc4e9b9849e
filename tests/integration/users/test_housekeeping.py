"""Housekeeping: mails reach their way out, and what is past goes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path
from uuid import UUID

import pytest

from actors.housekeeper.duties import (
    DeliverMails,
    Duty,
    forget_answers,
    forget_links,
    give_up_mails,
    standard_duties,
)
from actors.housekeeper.state import Housekeeper
from configs.settings import Settings
from stores.ids import new_id
from stores.mail import DirectoryTransport, Mail, MailNotSent, SmtpTransport
from stores.postgres import Database
from tests.integration.users.support import rows, system_database
from tests.platform import Organisation, Platform


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[Database]:
    async with system_database(settings) as found:
        async with found.transaction(None) as connection:
            await connection.execute("delete from mails")  # those of other tests are not ours to count
        yield found


async def _post(platform: Platform, org: Organisation, count: int = 1, age: str = "0 s") -> list[UUID]:
    ids = [new_id() for _ in range(count)]
    for id in ids:
        await rows(
            platform,
            org,
            "insert into mails (id, org_id, recipient, subject, body, created_at)"
            " values ($1, $2, 'ada@exämple.org', 'Grüße', 'Hallo,\n\nÄpfel.\n', now() - $3::text::interval)",
            id,
            org.id,
            age,
        )
    return ids


async def _waiting(platform: Platform, org: Organisation) -> list[dict[str, object]]:
    return await rows(
        platform,
        org,
        "select id, attempts, extract(epoch from not_before - now())::float8 as wait from mails order by id",
    )


@dataclass
class Recorder:
    """A way out that remembers, and can be shut."""

    sent: list[UUID] = field(default_factory=list)
    shut: bool = False

    async def send(self, mail: Mail) -> None:
        await asyncio.sleep(0.001)
        if self.shut:
            raise MailNotSent("shut")
        self.sent.append(mail.id)


async def test_mails_become_files(platform: Platform, database: Database, tmp_path: Path) -> None:
    org = await platform.create_organisation()
    [id] = await _post(platform, org)
    deliver = DeliverMails(DirectoryTransport(tmp_path / "mail", "Azora <no-reply@localhost>"))
    assert await deliver(database) == 1
    assert await deliver(database) == 0
    assert await _waiting(platform, org) == []
    [file] = (tmp_path / "mail").iterdir()
    assert file.name == f"{id}.eml"
    assert file.stat().st_mode & 0o077 == 0
    message = message_from_bytes(file.read_bytes(), policy=policy.default)
    assert message["To"] == "ada@xn--exmple-cua.org"
    assert message["Subject"] == "Grüße"
    assert message["Message-ID"] == f"<{id}@azora>"
    assert message.get_content().splitlines() == ["Hallo,", "", "Äpfel."]


async def test_what_fails_waits_longer_each_time_and_is_not_lost(platform: Platform, database: Database) -> None:
    org = await platform.create_organisation()
    out, waits = Recorder(shut=True), []
    [id] = await _post(platform, org)
    for attempt in range(1, 14):
        assert await DeliverMails(out)(database) == 0
        [mail] = await _waiting(platform, org)
        assert mail["attempts"] == attempt
        waits.append(round(float(str(mail["wait"]))))
        assert await DeliverMails(out)(database) == 0
        assert (await _waiting(platform, org))[0]["attempts"] == attempt  # not due yet
        await rows(platform, org, "update mails set not_before = now()")
    assert waits == sorted(waits)
    assert waits[0] == pytest.approx(40, abs=5)
    assert waits[-1] == pytest.approx(6 * 3600, abs=60)
    out.shut = False
    assert await DeliverMails(out)(database) == 1
    assert out.sent == [id]


async def test_two_housekeepers_send_each_mail_once(platform: Platform, database: Database) -> None:
    org = await platform.create_organisation()
    ids, out = await _post(platform, org, 100), Recorder()
    counts = await asyncio.gather(*(DeliverMails(out)(database) for _ in range(3)))
    assert sum(counts) == 100
    assert sorted(out.sent) == ids
    assert await _waiting(platform, org) == []


async def test_a_death_between_sending_and_forgetting_sends_again(platform: Platform, database: Database) -> None:
    org = await platform.create_organisation()
    [id] = await _post(platform, org)

    class Dying(Recorder):
        async def send(self, mail: Mail) -> None:
            await super().send(mail)
            raise asyncio.CancelledError

    dying, out = Dying(), Recorder()
    with pytest.raises(asyncio.CancelledError):
        await DeliverMails(dying)(database)
    await rows(platform, org, "update mails set not_before = now()")
    assert await DeliverMails(out)(database) == 1
    assert dying.sent == out.sent == [id]


async def test_over_smtp(platform: Platform, database: Database) -> None:
    org = await platform.create_organisation()
    [id] = await _post(platform, org)
    async with _SmtpServer() as server:
        deliver = DeliverMails(SmtpTransport(f"smtp://127.0.0.1:{server.port}", "Azora <no-reply@localhost>"))
        server.refuses = True
        assert await deliver(database) == 0
        server.refuses = False
        await rows(platform, org, "update mails set not_before = now()")
        assert await deliver(database) == 1
    [content] = server.received
    assert message_from_bytes(content, policy=policy.default)["Message-ID"] == f"<{id}@azora>"
    await _post(platform, org)
    assert await deliver(database) == 0  # nobody listens any more
    assert (await _waiting(platform, org))[0]["attempts"] == 1


class _SmtpServer:
    """As much of RFC 5321 as a client needs to hand one mail over."""

    def __init__(self) -> None:
        self.received: list[bytes] = []
        self.refuses = False
        self.port = 0

    async def __aenter__(self) -> _SmtpServer:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def say(line: str) -> None:
            writer.write(f"{line}\r\n".encode())
            await writer.drain()

        await say("220 test")
        while line := await reader.readline():
            match line.split()[0].upper():
                case b"RCPT" if self.refuses:
                    await say("450 later")
                case b"DATA":
                    await say("354 go on")
                    self.received.append(await reader.readuntil(b"\r\n.\r\n"))
                    await say("250 taken")
                case b"QUIT":
                    await say("221 bye")
                    break
                case _:
                    await say("250 ok")
        writer.close()
        await writer.wait_closed()


async def test_mails_nobody_takes_are_given_up(platform: Platform, database: Database) -> None:
    org = await platform.create_organisation()
    await _post(platform, org, age="31 days")
    kept = await _post(platform, org, age="29 days")
    assert await give_up_mails(database) == 1
    assert [mail["id"] for mail in await _waiting(platform, org)] == kept


async def test_answers_and_links_that_are_past_go(platform: Platform, database: Database) -> None:
    org = await platform.create_organisation()
    admin = await org.person("org_admin")
    for key, age in (("old", "25 hours"), ("new", "23 hours")):
        body = {"email": f"{key}@x.org"}
        await admin.http.post("/api/users/invitations", json=body, headers={"idempotency-key": key})
        await rows(
            platform, org,
            "update idempotency_keys set created_at = now() - $2::text::interval where key = $1", key, age,
        )  # fmt: skip
    assert await forget_answers(database) >= 1
    assert [row["key"] for row in await rows(platform, org, "select key from idempotency_keys")] == ["new"]
    person = await org.person()
    for days in (29, 31):
        await rows(
            platform, org,
            "insert into password_resets (id, org_id, user_id, token_hash, expires_at)"
            " values ($1, $2, $3, $5, now() - make_interval(days => $4))",
            new_id(), org.id, person.id, days, new_id().bytes,
        )  # fmt: skip
    await rows(
        platform, org, "update invitations set expires_at = now() - interval '31 days' where email = 'old@x.org'"
    )
    assert await forget_links(database) == 2
    assert [row["email"] for row in await rows(platform, org, "select email from invitations")] == ["new@x.org"]
    assert len(await rows(platform, org, "select from password_resets")) == 1


async def test_the_standard_duties_run(settings: Settings) -> None:
    duties = standard_duties(settings)
    keeper = Housekeeper(Database.from_settings(settings, role="azora_system"), duties)
    try:
        for duty in duties:
            await keeper.perform(duty)
    finally:
        await keeper.close()
    assert all(record.runs == 1 and record.last_error is None for record in keeper.report().values())


async def test_a_duty_that_breaks_holds_up_no_other(settings: Settings) -> None:
    async def breaks(_: Database) -> int:
        raise RuntimeError("broken")

    async def works(_: Database) -> int:
        return 2

    every = timedelta(milliseconds=5)
    database = Database.from_settings(settings, role="azora_system")
    keeper = Housekeeper(database, [Duty(name="a", every=every, run=breaks), Duty(name="b", every=every, run=works)])
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(keeper.run(), 0.2)
    report = keeper.report()
    assert report["a"].failures == report["a"].runs > 1
    assert report["a"].last_error == "RuntimeError('broken')"
    assert report["b"].done == 2 * report["b"].runs > 2
