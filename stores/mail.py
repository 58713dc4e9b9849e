"""Where mails leave the platform: an SMTP server, or a directory of `.eml` files where there is none."""

from __future__ import annotations

import asyncio
import os
import secrets
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit
from uuid import UUID

import aiosmtplib

from configs.errors import ConfigurationError
from configs.settings import Settings
from stores.errors import StoreError

SEND_SECONDS = 20.0
_SCHEMES = {"smtp": 25, "smtps": 465}


class MailNotSent(StoreError):
    """The mail was not taken; it can be tried again."""

    type = "mail-not-sent"
    title = "A mail could not be handed over"
    retriable = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One mail to one address. Its `id` makes the Message-ID, so that a mail sent twice is known to be one."""

    id: UUID
    recipient: str
    subject: str
    body: str
    created_at: datetime

    def message(self, sender: str) -> EmailMessage:
        """The mail as RFC 5322 has it."""
        message = EmailMessage(policy=SMTP)
        message["From"] = sender
        message["To"] = Address(addr_spec=_ascii_address(self.recipient))
        message["Subject"] = " ".join(self.subject.split())
        message["Date"] = format_datetime(self.created_at)
        message["Message-ID"] = f"<{self.id}@azora>"
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office replies
        # Left to itself it would encode any line as long as a link is, and nobody could read the file of a mail.
        message.set_content(self.body, cte="7bit" if self.body.isascii() else "quoted-printable")
        return message


def _ascii_address(address: str) -> str:
    local, _, domain = address.rpartition("@")
    return f"{local}@{domain.encode('idna').decode()}"


class MailTransport(Protocol):
    """A way out."""

    async def send(self, mail: Mail) -> None:
        """Hand a mail over. Raises `MailNotSent`."""
        ...


class DirectoryTransport:
    """Keeps each mail as a file, for development and for installations without mail."""

    def __init__(self, directory: Path, sender: str) -> None:
        self._directory = directory
        self._sender = sender

    async def send(self, mail: Mail) -> None:
        """Write `<id>.eml`; a reader finds the whole file or none."""
        try:
            await asyncio.to_thread(self._write, f"{mail.id}.eml", mail.message(self._sender).as_bytes())
        except (OSError, ValueError) as error:
            raise MailNotSent(f"{type(error).__name__}: {error}") from error

    def _write(self, name: str, content: bytes) -> None:
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        # The links in mails open accounts: nobody else on the machine reads them.
        unfinished = self._directory / f".{name}.{secrets.token_hex(4)}"
        with open(unfinished, "xb", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(self._directory / name)


class SmtpTransport:
    """Hands mails to a server: TLS from the start for `smtps`, as soon as the server offers it for `smtp`."""

    def __init__(self, url: str, sender: str) -> None:
        """Raises `ConfigurationError`, which never holds the password."""
        try:
            parts = urlsplit(url)
            port = parts.port or _SCHEMES[parts.scheme]
            if not parts.hostname:
                raise ValueError
        except (ValueError, KeyError):
            raise ConfigurationError(["AZORA_SMTP_URL: must look like smtp[s]://user:password@host:port"]) from None
        self._host, self._port = parts.hostname, port
        self._use_tls = parts.scheme == "smtps"
        self._username = unquote(parts.username) if parts.username else None
        self._password = unquote(parts.password) if parts.password else None
        self._sender = sender

    async def send(self, mail: Mail) -> None:
        try:
            await aiosmtplib.send(
                mail.message(self._sender),
                hostname=self._host,
                port=self._port,
                username=self._username,
                password=self._password,
                use_tls=self._use_tls,
                timeout=SEND_SECONDS,
            )
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            raise MailNotSent(f"{type(error).__name__}: {error}") from error


def mail_transport(settings: Settings) -> MailTransport:
    """The configured way out. Raises `ConfigurationError`."""
    if settings.smtp_url is None:
        return DirectoryTransport(settings.home_path / "mail", settings.mail_from)
    return SmtpTransport(settings.smtp_url.get_secret_value(), settings.mail_from)
