"""From a bearer token to a principal. RS256 (RFC 7518) verified once per token, then remembered until it expires."""

from __future__ import annotations

import time
from base64 import urlsafe_b64decode
from typing import Any
from uuid import UUID

import jwt
import orjson

from deployments.kit.errors import InvalidToken
from deployments.kit.live_sessions import LiveSessions
from deployments.kit.permissions import ROLES
from deployments.kit.principal import Principal
from stores.metrics import security
from stores.signing_keys import KeyDirectory

_REQUIRED_CLAIMS = ["sub", "org", "role", "sid", "jti", "iat", "exp"]
_REMEMBERED_TOKENS = 50_000


class Authenticator:
    """Verifies access tokens and that their session lives."""

    def __init__(self, keys: KeyDirectory, sessions: LiveSessions, issuer: str) -> None:
        self._keys = keys
        self._sessions = sessions
        self._issuer = issuer
        self._verified: dict[str, Principal] = {}

    def remembered(self, token: str) -> Principal | None:
        """The principal of a token verified before whose session memory knows to be alive. Never waits."""
        principal = self._verified.get(token)
        if principal is None or principal.expires_at <= time.time() or not self._sessions.known(principal):
            return None
        return principal

    async def authenticate(self, token: str) -> Principal:
        """The principal. Raises `InvalidToken`, or `StoreUnavailable` where a store must tell and cannot."""
        principal = self._verified.get(token)
        if principal is None:
            principal = await self._first_seen(token)
            self._remember(token, principal)
        if principal.expires_at <= time.time():
            self._verified.pop(token, None)
            security.token_refused("expired")
            raise InvalidToken("The access token has expired")
        if not await self._sessions.check(principal):
            security.token_refused("revoked")
            raise InvalidToken("The session was ended")
        return principal

    async def _first_seen(self, token: str) -> Principal:
        try:
            return await self._verify(token)
        except InvalidToken as refusal:
            expired = isinstance(refusal.__cause__, jwt.ExpiredSignatureError)
            security.token_refused("expired" if expired else "invalid")
            raise

    async def _verify(self, token: str) -> Principal:
        try:
            kid = _named_key(token)
            key = await self._keys.find(kid) if isinstance(kid, str) else None
            if key is None or key.purpose != "access":
                raise InvalidToken("The access token names an unknown key")
            claims = jwt.decode(
                token,
                key.public,
                algorithms=["RS256"],
                issuer=self._issuer,
                options={"require": _REQUIRED_CLAIMS, "verify_aud": False},
            )
            return _principal(claims)
        except (jwt.InvalidTokenError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise InvalidToken() from error

    def _remember(self, token: str, principal: Principal) -> None:
        while len(self._verified) >= _REMEMBERED_TOKENS:  # oldest first: dicts keep order
            del self._verified[next(iter(self._verified))]
        self._verified[token] = principal


def _named_key(token: str) -> object:
    # Of the header only; `jwt.decode` is strict about the whole token, and reading all of it twice takes its time.
    header = token.partition(".")[0]
    return orjson.loads(urlsafe_b64decode(header + "=" * (-len(header) % 4))).get("kid")


def _principal(claims: dict[str, Any]) -> Principal:
    if claims["role"] not in ROLES:
        raise InvalidToken()
    acting, scope = None, None
    if (act := claims.get("act")) is not None:  # a scope that is missing would be everything
        acting, scope = str(act["sub"]), frozenset(claims["scope"].split())
    return Principal(
        user_id=UUID(claims["sub"]),
        org_id=UUID(claims["org"]),
        role=claims["role"],
        session_id=UUID(claims["sid"]),
        token_id=claims["jti"],
        issued_at=float(claims["iat"]),
        expires_at=float(claims["exp"]),
        acting=acting,
        scope=scope,
    )
