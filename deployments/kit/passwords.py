"""Password hashes: bcrypt (Provos and Mazieres, 1999), off the event loop.

bcrypt reads 72 bytes and no more; a longer password is refused rather than silently cut.
"""

from __future__ import annotations

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor

import bcrypt

from deployments.kit.errors import Invalid

MINIMUM_CHARACTERS = 10
MAXIMUM_BYTES = 72
_HASH = re.compile(r"^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$")
# bcrypt holds a core for as long as it runs; two at a time leave the loop its share.
_threads = ThreadPoolExecutor(2, thread_name_prefix="bcrypt")


class Passwords:
    """Hashes and verifies at the configured cost."""

    def __init__(self, cost: int) -> None:
        self._cost = cost
        # What unknown accounts are compared with, so that they take as long as known ones.
        self._decoy = bcrypt.hashpw(b"nobody's password", bcrypt.gensalt(cost)).decode()

    async def hash(self, password: str) -> str:
        """Hash a password that `check_policy` admits."""
        salted = bcrypt.gensalt(self._cost)
        hashed = await asyncio.get_running_loop().run_in_executor(_threads, bcrypt.hashpw, password.encode(), salted)
        return hashed.decode()

    async def verify(self, password: str, hashed: str | None) -> bool:
        """Whether the password fits. Takes the same time where there is no hash, and then says no."""
        secret = password.encode()
        fits = await asyncio.get_running_loop().run_in_executor(
            _threads, bcrypt.checkpw, secret[:MAXIMUM_BYTES], (hashed or self._decoy).encode()
        )
        return fits and hashed is not None and len(secret) <= MAXIMUM_BYTES

    def outdated(self, hashed: str) -> bool:
        """Whether a hash was made at a lower cost than is configured now."""
        return (match := _HASH.match(hashed)) is not None and int(match[1]) < self._cost


def check_policy(password: str, *, field: str = "password", personal: tuple[str, ...] = ()) -> None:
    """Raises `Invalid` for a password too short, too long for bcrypt, or made of the person's own e-mail or name.

    The length rules follow NIST SP 800-63B: no composition rules, length counts.
    """
    if len(password) < MINIMUM_CHARACTERS:
        raise Invalid.field(field, "too_short", f"use at least {MINIMUM_CHARACTERS} characters")
    if len(password.encode()) > MAXIMUM_BYTES:
        raise Invalid.field(field, "too_long", f"use at most {MAXIMUM_BYTES} bytes in UTF-8")
    if "\x00" in password:
        raise Invalid.field(field, "null_byte", "must not hold a null character")
    if len(set(password)) < 4 or password.casefold() in {part.casefold() for part in personal if part}:
        raise Invalid.field(field, "too_simple", "too easy to guess")


def is_hash(text: str) -> bool:
    """Whether the text is a bcrypt hash, as other systems export them."""
    return _HASH.match(text) is not None
