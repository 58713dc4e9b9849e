"""Every protected route: nobody without a token, nobody without the permission, no forged token."""

from __future__ import annotations

import base64
import hmac
import json
import re

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from deployments.kit.permissions import ROLES
from stores.ids import new_id
from tests.platform import Organisation, Platform
from tests.routes import Route, protected_routes

ROUTES = protected_routes()


def _filled(path: str) -> str:
    return re.sub(r"\{number\}", "1", re.sub(r"\{\w+_id\}", str(new_id()), path))


@pytest.mark.parametrize("route", ROUTES, ids=str)
async def test_nobody_enters_without_a_token(platform: Platform, route: Route) -> None:
    answer = await platform.http.request(route.method, _filled(route.path), json={})
    assert answer.status_code == 401
    assert answer.headers["content-type"] == (
        "application/json" if route.path.startswith("/v1/") else "application/problem+json"
    )
    assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize("route", ROUTES, ids=str)
async def test_a_role_below_is_refused(home: Organisation, route: Route) -> None:
    for role, permissions in ROLES.items():
        if route.permission not in permissions:
            person = await home.person(role)
            answer = await person.http.request(route.method, _filled(route.path), json={})
            assert answer.status_code == 403, (role, answer.text)


async def test_forged_tokens_are_refused(platform: Platform, home: Organisation) -> None:
    person = await home.person("org_admin")
    token = person.http.headers["authorization"].removeprefix("Bearer ")
    claims = jwt.decode(token, options={"verify_signature": False})
    kid = jwt.get_unverified_header(token)["kid"]
    stranger = generate_private_key(65537, 2048)
    head, body, signature = token.split(".")
    forged = [
        jwt.encode(claims, stranger, algorithm="RS256", headers={"kid": kid}),
        jwt.encode(claims, stranger, algorithm="RS256", headers={"kid": "unknown"}),
        jwt.encode(claims, None, algorithm="none", headers={"kid": kid}),
        jwt.encode({**claims, "exp": 1}, stranger, algorithm="RS256", headers={"kid": kid}),
        f"{head}.{body}.",
        f"{head}.{body[:-2]}AA.{signature}",
        "x",
        "a.b.c",
    ]
    for bad in forged:
        answer = await platform.http.get("/api/users/me", headers={"authorization": f"Bearer {bad}"})
        assert answer.status_code == 401, bad
        assert "invalid_token" in answer.headers["www-authenticate"]
    for header in ("", "Bearer", "Basic abc", token):
        answer = await platform.http.get("/api/users/me", headers={"authorization": header})
        assert answer.status_code == 401


async def test_a_public_key_is_no_shared_secret(platform: Platform, home: Organisation) -> None:
    """The confusion attack: a token signed with HS256 under the text of the public key."""
    person = await home.person()
    token = person.http.headers["authorization"].removeprefix("Bearer ")
    claims = jwt.decode(token, options={"verify_signature": False})
    kid = jwt.get_unverified_header(token)["kid"]
    keys = (await platform.http.get("/api/sessions/jwks.json")).json()["keys"]
    public = jwt.PyJWK(next(key for key in keys if key["kid"] == kid)).key
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    head, body = (
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=")
        for part in ({"alg": "HS256", "typ": "JWT", "kid": kid}, claims)
    )
    signature = base64.urlsafe_b64encode(hmac.digest(pem, head + b"." + body, "sha256")).rstrip(b"=")
    forged = b".".join((head, body, signature)).decode()
    answer = await platform.http.get("/api/users/me", headers={"authorization": f"Bearer {forged}"})
    assert answer.status_code == 401
