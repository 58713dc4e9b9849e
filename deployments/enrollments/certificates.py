"""Certificates: a signed statement (JWS, RFC 7515) that anyone can verify, by link or offline."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from configs.errors import AzoraError
from deployments.enrollments.announcements import announce
from deployments.enrollments.content import CourseVersion
from deployments.enrollments.errors import CertificateNotFound
from deployments.enrollments.repository.certificates import Certificate, CertificateRepository
from deployments.enrollments.repository.rows import Enrollment
from deployments.kit.work import Work
from stores.ids import new_id
from stores.sealing import Keyring
from stores.signing_keys import KeyDirectory

# Explicit typing (RFC 8725, section 3.11): a certificate is never taken for an access token.
TOKEN_TYPE = "certificate+jwt"
_CODE_BYTES = 32


class CertificateBroken(AzoraError):
    type = "certificate-broken"
    title = "The stored certificate does not verify"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """A certificate whose signature was checked: what it says, and the key to check it with."""

    certificate: Certificate
    claims: dict[str, Any]
    jwk: dict[str, Any]


class Certifier:
    """Issues and verifies certificates with the keys whose purpose they are; those keys never expire."""

    def __init__(self, keys: KeyDirectory, keyring: Keyring, *, issuer: str, base_url: str) -> None:
        self._keys = keys
        self._keyring = keyring
        self._issuer = issuer
        self._base_url = base_url
        self._private: tuple[str, RSAPrivateKey] | None = None

    def link(self, code: str) -> str:
        """Where anybody can verify the certificate."""
        return f"{self._base_url}/api/enrollments/certificates/{code}"

    async def issue(self, work: Work, enrollment: Enrollment, version: CourseVersion) -> None:
        """Certify a completed enrolment: names as they are in this transaction, the title of the version studied.

        Raises `StoreUnavailable` where there is no signing key yet.
        """
        assert enrollment.completed_at is not None
        repository = CertificateRepository(await work.connection())
        learner, organisation = await repository.names(enrollment.user_id)
        code = secrets.token_urlsafe(_CODE_BYTES)
        claims = {
            "iss": self._issuer,
            "iat": int(time.time()),
            "code": code,
            "name": learner,
            "course": version.title,
            "organisation": organisation,
            "completed_at": enrollment.completed_at.isoformat().replace("+00:00", "Z"),
            "score": None if enrollment.score is None else str(enrollment.score),
        }
        certificate_id = new_id()
        await repository.insert(certificate_id, enrollment, code, await self._sign(claims))
        announce(
            work, "certificate.issued", enrollment, before=enrollment, subject=certificate_id,
            certificate_id=certificate_id,
        )  # fmt: skip

    async def _sign(self, claims: dict[str, Any]) -> str:
        key = await self._keys.signing("certificate")
        if self._private is None or self._private[0] != key.kid:
            self._private = (key.kid, key.private(self._keyring))
        headers = {"kid": key.kid, "typ": TOKEN_TYPE}
        return jwt.encode(claims, self._private[1], algorithm="RS256", headers=headers)

    async def verify(self, work: Work, code: str) -> Verified:
        """The certificate with this code, of whatever organisation; revoked ones too, unless its learner was erased.

        Raises `CertificateNotFound`, and `CertificateBroken` where the stored token was tampered with.
        """
        certificate = await CertificateRepository(await work.connection()).by_code(code)
        if certificate is None or not certificate.token:
            raise CertificateNotFound()
        try:
            key = await self._keys.find(jwt.get_unverified_header(certificate.token)["kid"])
            if key is None or key.purpose != "certificate":
                raise CertificateBroken("Its key is unknown")
            claims = jwt.decode(
                certificate.token, key.public, algorithms=["RS256"],
                # Nothing about a certificate depends on the clock or on today's name of the issuer.
                options={"verify_aud": False, "verify_iat": False, "verify_iss": False},
            )  # fmt: skip
        except (jwt.InvalidTokenError, KeyError) as error:
            raise CertificateBroken() from error
        return Verified(certificate=certificate, claims=claims, jwk=key.jwk)
