"""HashiCorp Vault, or OpenBao, which speaks the same API: settings, keys and database logins out of it.

    access = VaultAccess(url="https://vault:8200", secret="secret/azora", kubernetes_role="azora")
    async with Vault(access) as vault:
        values = await vault.read_secret()

A token is fetched when it is first needed, renewed for as long as the vault allows and then replaced, and given back in
the end; nothing is kept on disk. What a token asked for ends with it, logins to databases too. API reference: Vault's
HTTP API, KV secrets engine version 2, auth methods AppRole, Kubernetes and token (`renew-self`, `lookup-self`,
`revoke-self`), `sys/leases/renew`.

StoreError
├── StoreUnavailable
│   └── VaultUnavailable   it does not answer, is sealed, or has too much to do
└── VaultRefused           it answers, and the answer is no
"""

from __future__ import annotations

import asyncio
import ssl
import time
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
from pydantic import SecretStr

from configs.settings import Settings
from stores.errors import StoreError, StoreUnavailable

KUBERNETES_TOKEN = Path("/var/run/secrets/kubernetes.io/serviceaccount/token")
_TIMEOUT_SECONDS = 5.0
# Of its life, when a token is renewed or replaced. What hangs on a replaced one has the rest to come to an end.
_RENEWED_AT = 0.5
# A token that renewing gives less than this share of its first life nears the vault's maximum.
_NEAR_THE_END = 0.5
_FRESH_SECONDS = 300.0
_FAREWELL_SECONDS = 1.0
_LONG_SECONDS = 86_400.0 * 365
_RETRIED = {429, 472, 473, 500, 502, 503}


class VaultUnavailable(StoreUnavailable):
    """Vault does not answer, or cannot at present."""


class VaultRefused(StoreError):
    """Vault answers, and refuses: wrong credentials, no right, no such secret."""


@dataclass(frozen=True, kw_only=True)
class VaultAccess:
    """Where a vault is and who we are to it: an AppRole, a Kubernetes service account, or a token."""

    url: str
    secret: str = "secret/azora"  # mount/path of a KV version 2 engine
    namespace: str | None = None
    authority: Path | None = None
    role_id: str | None = None
    secret_id: SecretStr | None = None
    kubernetes_role: str | None = None
    kubernetes_token: Path = KUBERNETES_TOKEN
    auth_mount: str | None = None  # where the method is mounted, if not under its own name

    @classmethod
    def from_settings(cls, settings: Settings) -> Self | None:
        """None where no vault is configured."""
        if settings.vault_url is None:
            return None
        return cls(
            url=settings.vault_url,
            secret=settings.vault_secret,
            namespace=settings.vault_namespace,
            authority=settings.vault_ca,
            role_id=settings.vault_role_id,
            secret_id=settings.vault_secret_id,
            kubernetes_role=settings.vault_kubernetes_role,
            kubernetes_token=settings.vault_kubernetes_token or KUBERNETES_TOKEN,
            auth_mount=settings.vault_auth_mount,
        )


@dataclass(frozen=True)
class Secret:
    """A version of the secret; `values` by the names of settings, in lower case and without prefix."""

    version: int
    values: dict[str, str] = field(repr=False)


@dataclass(frozen=True)
class _Token:
    """What Vault knows us by since a sign-in of ours. Times are of the monotonic clock."""

    value: str = field(repr=False)
    sign_in: int
    signed_in_at: float
    first_seconds: float
    renewable: bool
    due_at: float
    ends_at: float

    @classmethod
    def of(cls, auth: dict[str, Any], sign_in: int) -> Self:
        """As a login answered."""
        return cls(
            value=str(auth["client_token"]), sign_in=sign_in, signed_in_at=time.monotonic(),
            first_seconds=_seconds(auth), **_life(auth),
        )  # fmt: skip

    def renewed(self, auth: dict[str, Any]) -> Self:
        """As renewing answered."""
        return replace(self, **_life(auth))

    @property
    def left_seconds(self) -> float:
        return max(0.0, self.ends_at - time.monotonic())


def _seconds(auth: dict[str, Any]) -> float:
    return float(auth["lease_duration"]) or float("inf")  # 0 is Vault's word for a token without an end


def _life(auth: dict[str, Any]) -> dict[str, Any]:
    now, seconds = time.monotonic(), _seconds(auth)
    return {"renewable": bool(auth["renewable"]), "due_at": now + seconds * _RENEWED_AT, "ends_at": now + seconds}


@dataclass(frozen=True)
class Lease:
    """A database login that Vault made and will take back, unless renewed."""

    id: str
    username: str
    password: SecretStr
    lifetime: timedelta
    renewable: bool
    sign_in: int  # which of our sign-ins it hangs on


class Vault:
    """A client. Not for several threads; every method raises `VaultUnavailable` and `VaultRefused`."""

    def __init__(self, access: VaultAccess, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._access = access
        self._token: _Token | None = None
        self._sign_ins = 0
        self._signing_in = asyncio.Lock()
        trust: ssl.SSLContext | bool = True
        if access.authority is not None:
            trust = ssl.create_default_context(cafile=str(access.authority))
        headers = {"X-Vault-Request": "true"}
        if access.namespace:
            headers["X-Vault-Namespace"] = access.namespace
        self._http = httpx.AsyncClient(
            base_url=f"{access.url.rstrip('/')}/v1/", headers=headers, timeout=_TIMEOUT_SECONDS, verify=trust,
            trust_env=False, transport=transport,
        )  # fmt: skip

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Give the token back, and with it whatever it was given. A vault that does not answer is not waited for."""
        token, self._token = self._token, None
        if token is not None:
            with suppress(StoreError, TimeoutError):
                async with asyncio.timeout(_FAREWELL_SECONDS):
                    await self._send("POST", "auth/token/revoke-self", None, token)
        await self._http.aclose()

    async def read_secret(self) -> Secret:
        """The newest version of the secret."""
        mount, _, path = self._access.secret.partition("/")
        data = (await self._call("GET", f"{mount}/data/{path}"))["data"]
        values = {str(name).lower(): str(value) for name, value in (data["data"] or {}).items()}
        return Secret(int(data["metadata"]["version"]), values)

    async def write_secret(self, values: dict[str, str], *, over_version: int) -> int:
        """Write a new version, unless somebody else has written one since `over_version`; returns its number."""
        mount, _, path = self._access.secret.partition("/")
        body = {"data": values, "options": {"cas": over_version}}
        return int((await self._call("POST", f"{mount}/data/{path}", body))["data"]["version"])

    async def database_login(self, role: str) -> Lease:
        """A new login by a role of a database engine, `mount/creds/name`."""
        answer, token = await self._answer("GET", role)
        return Lease(
            id=answer["lease_id"],
            username=answer["data"]["username"],
            password=SecretStr(answer["data"]["password"]),
            lifetime=timedelta(seconds=answer["lease_duration"]),
            renewable=answer["renewable"],
            sign_in=token.sign_in,
        )

    @property
    def signed_in_for(self) -> timedelta:
        """How long the present token lasts, and with it whatever it was given."""
        if self._token is None:
            return timedelta(0)
        return timedelta(seconds=min(self._token.left_seconds, _LONG_SECONDS))

    async def renew(self, lease: Lease) -> timedelta:
        """Ask for as long again as at first; how long the lease lasts now, which may be less. Nothing where its token
        has been replaced: it cannot outlast that.
        """
        if lease.sign_in != (await self._signed_in()).sign_in:
            return timedelta(0)
        seconds = int(lease.lifetime.total_seconds())
        answer = await self._call("PUT", "sys/leases/renew", {"lease_id": lease.id, "increment": seconds})
        return timedelta(seconds=answer["lease_duration"])

    async def revoke(self, lease: Lease) -> None:
        """Give a login back before its time."""
        await self._call("PUT", "sys/leases/revoke", {"lease_id": lease.id})

    async def _call(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        return (await self._answer(method, path, body))[0]

    async def _answer(self, method: str, path: str, body: Any = None) -> tuple[dict[str, Any], _Token]:
        """The answer, and the token that it was given to."""
        token = await self._signed_in()
        answer = await self._send(method, path, body, token)
        if answer.status_code == 403 and await self._outdated(token):  # once more with a fresh one
            token = await self._signed_in(instead_of=token)
            answer = await self._send(method, path, body, token)
        return _decoded(answer, path), token

    async def _outdated(self, token: _Token) -> bool:
        """Whether another token could be let do what this one was refused: it has been revoked, or is of so long ago
        that its role may have been given other policies since. A fresh one that lives is refused by its policies, and
        each token in its place would be one more that the vault keeps.
        """
        if time.monotonic() - token.signed_in_at >= _FRESH_SECONDS:
            return True
        return (await self._send("GET", "auth/token/lookup-self", None, token)).status_code == 403

    async def _signed_in(self, instead_of: _Token | None = None) -> _Token:
        """A token that has some time before it, and is not the one that was refused."""
        async with self._signing_in:
            token = self._token
            if token is None or (instead_of is not None and token.sign_in == instead_of.sign_in):
                token = await self._sign_in()
            elif time.monotonic() >= token.due_at:
                token = await self._renewed(token) or await self._sign_in()
            self._token = token
            return token

    async def _renewed(self, token: _Token) -> _Token | None:
        """None where it has to be replaced."""
        if not token.renewable:
            return None
        path = "auth/token/renew-self"
        try:
            renewed = token.renewed(_decoded(await self._send("POST", path, {}, token), path)["auth"])
        except VaultRefused:  # it is over, or its policies do not let it
            return None
        return renewed if renewed.left_seconds >= token.first_seconds * _NEAR_THE_END else None

    async def _sign_in(self) -> _Token:
        path, body = self._credentials()
        auth = _decoded(await self._send("POST", path, body), path)["auth"]
        self._sign_ins += 1
        return _Token.of(auth, self._sign_ins)

    def _credentials(self) -> tuple[str, dict[str, str]]:
        access = self._access
        if access.kubernetes_role is not None:
            try:
                token = access.kubernetes_token.read_text().strip()  # each time: the kubelet renews it
            except OSError as error:
                raise VaultRefused(f"No service account token in {access.kubernetes_token}") from error
            mount = access.auth_mount or "kubernetes"
            return f"auth/{mount}/login", {"role": access.kubernetes_role, "jwt": token}
        if access.role_id is None or access.secret_id is None:
            raise VaultRefused("Neither an AppRole nor a Kubernetes role is configured (AZORA_VAULT_…)")
        mount = access.auth_mount or "approle"
        return f"auth/{mount}/login", {"role_id": access.role_id, "secret_id": access.secret_id.get_secret_value()}

    async def _send(self, method: str, path: str, body: Any, token: _Token | None = None) -> httpx.Response:
        headers = {"X-Vault-Token": token.value} if token else {}
        try:
            return await self._http.request(method, path, json=body, headers=headers)
        except httpx.HTTPError as error:
            raise VaultUnavailable(f"The vault does not answer: {type(error).__name__}") from error


def _decoded(answer: httpx.Response, path: str) -> dict[str, Any]:
    """The answer's document. What Vault says of an error names paths and rights, never a secret."""
    if answer.status_code in _RETRIED:
        raise VaultUnavailable(f"The vault answers {answer.status_code} to {path}")
    if answer.status_code >= 400:
        raise VaultRefused(f"The vault answers {answer.status_code} to {path}: {_reason(answer)}")
    document: dict[str, Any] = answer.json() if answer.content else {}
    return document


def _reason(answer: httpx.Response) -> str:
    try:
        return "; ".join(str(item) for item in answer.json()["errors"])[:200] or "no reason given"
    except (ValueError, KeyError, TypeError):
        return "no reason given"
