"""Mails as they leave."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from configs.errors import ConfigurationError
from configs.settings import Settings
from stores.ids import new_id
from stores.mail import DirectoryTransport, Mail, MailNotSent, SmtpTransport, mail_transport

SENDER = "Azora <no-reply@localhost>"


def _mail(subject: str = "Hello", body: str = "Text") -> Mail:
    return Mail(
        id=new_id(), recipient="a@x.org", subject=subject, body=body, created_at=datetime(2026, 1, 1, tzinfo=UTC)
    )


@given(st.text(st.characters(codec="utf-8"), max_size=80), st.text(st.characters(codec="utf-8"), max_size=80))
def test_no_text_adds_a_header(subject: str, body: str) -> None:
    mail = _mail(subject, body)
    head = mail.message(SENDER).as_bytes().partition(b"\r\n\r\n")[0]
    names = {line.partition(b":")[0].lower() for line in head.split(b"\r\n") if not line.startswith((b" ", b"\t"))}
    assert names <= {
        b"from", b"to", b"subject", b"date", b"message-id", b"auto-submitted", b"content-type",
        b"content-transfer-encoding", b"mime-version",
    }  # fmt: skip


def test_links_can_be_read_in_the_file() -> None:
    link = f"https://learn.example/reset-password?token={'x' * 80}"
    assert f"\r\n    {link}\r\n".encode() in _mail(body=f"Here:\n\n    {link}\n").message(SENDER).as_bytes()


@pytest.mark.parametrize("url", ["smtp://", "http://x", "smtp://:pw@", "smtp://h:port", "nonsense"])
def test_addresses_of_no_server(url: str) -> None:
    with pytest.raises(ConfigurationError, match="AZORA_SMTP_URL") as raised:
        SmtpTransport(url, SENDER)
    assert "pw" not in str(raised.value)


def test_the_configured_way_out(tmp_path: Path) -> None:
    assert isinstance(mail_transport(Settings(home=tmp_path)), DirectoryTransport)
    assert isinstance(
        mail_transport(Settings(home=tmp_path, smtp_url="smtps://u:p%40@mail.example:2465")), SmtpTransport
    )


def test_a_directory_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "mail").write_text("a file in the way")
    with pytest.raises(MailNotSent):
        asyncio.run(DirectoryTransport(tmp_path / "mail", SENDER).send(_mail()))
