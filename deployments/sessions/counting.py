"""How signing in and refreshing end, told to the metrics."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from deployments.kit.errors import TooManyRequests
from deployments.sessions.errors import InvalidRefreshToken, RefreshTokenReused, SigningInTooOften, WrongCredentials
from stores.metrics import security


@contextmanager
def sign_in() -> Iterator[None]:
    """Count one attempt to sign in by what the block raises; failures of the platform are no outcome."""
    try:
        yield
    except WrongCredentials:
        security.sign_in("wrong_credentials")
        raise
    except SigningInTooOften:
        security.sign_in("backed_off")
        raise
    except TooManyRequests:
        security.sign_in("rate_limited")
        raise
    security.sign_in("succeeded")


@contextmanager
def refresh() -> Iterator[None]:
    """Count a refresh token that was refused."""
    try:
        yield
    except RefreshTokenReused:
        security.refresh_refused("reused")
        raise
    except InvalidRefreshToken:
        security.refresh_refused("unknown")
        raise
