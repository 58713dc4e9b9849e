"""What an attack would move: refused credentials, tokens and rates."""

from __future__ import annotations

from typing import Literal, get_args

from stores.metrics.registry import counter

SignIn = Literal["succeeded", "wrong_credentials", "backed_off", "rate_limited"]
BadToken = Literal["invalid", "expired", "revoked"]
BadRefresh = Literal["unknown", "reused"]

SIGN_INS = counter("azora_sign_ins_total", "Attempts to sign in", ("outcome",), known=get_args(SignIn))
TOKENS_REFUSED = counter(
    "azora_access_tokens_refused_total", "Access tokens refused", ("reason",), known=get_args(BadToken)
)
REFRESHES_REFUSED = counter(
    "azora_refresh_tokens_refused_total", "Refresh tokens refused", ("reason",), known=get_args(BadRefresh)
)
RATE_LIMITED = counter(
    "azora_rate_limit_refusals_total", "Requests refused for coming too often", ("policy",),
    known=("person", "address", "credentials"),
)  # fmt: skip
UNCOUNTED = counter(
    "azora_rate_limit_unchecked_total", "Leases of hits that were granted unchecked because Valkey did not answer"
)


def sign_in(outcome: SignIn) -> None:
    """Count an attempt to sign in."""
    SIGN_INS.labels(outcome).inc()


def token_refused(reason: BadToken) -> None:
    """Count an access token that was refused."""
    TOKENS_REFUSED.labels(reason).inc()


def refresh_refused(reason: BadRefresh) -> None:
    """Count a refresh token that was refused; `reused` means that it was stolen, or a client's mistake."""
    REFRESHES_REFUSED.labels(reason).inc()


def rate_limited(policy: str) -> None:
    """Count a request that came too often."""
    RATE_LIMITED.labels(policy).inc()


def unchecked() -> None:
    """Count a lease of the rate limiter that was granted blindly."""
    UNCOUNTED.inc()
