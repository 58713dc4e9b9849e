"""Errors of the sessions service."""

from __future__ import annotations

from deployments.kit.errors import NotFound, TooManyRequests, Unauthenticated


class WrongCredentials(Unauthenticated):
    """Says neither which part was wrong nor whether the account exists."""

    type = "wrong-credentials"
    title = "Organisation, e-mail or password is wrong"


class InvalidRefreshToken(Unauthenticated):
    type = "invalid-refresh-token"
    title = "The refresh token is unknown or has expired"


class RefreshTokenReused(Unauthenticated):
    type = "refresh-token-reused"
    title = "This refresh token was used before; its session was ended"


class SessionNotFound(NotFound):
    type = "session-not-found"
    title = "You have no such live session"


class SigningInTooOften(TooManyRequests):
    type = "sign-in-backoff"
    title = "Too many failed sign-ins for this account; wait before the next"
