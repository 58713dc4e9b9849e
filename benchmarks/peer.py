"""The peer: the same work as a plain FastAPI and uvicorn monolith, written the way most such services are.

It verifies RS256 with PyJWT on every request, looks the session up and counts the request in Valkey, reads by key with
asyncpg and answers through pydantic. It reads and writes the same PostgreSQL and Valkey as the platform, and the same
tokens, so that one run can load both. Run it with `uvicorn benchmarks.peer:app`; it takes AZORA_* settings.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID, uuid4

import asyncpg
import bcrypt
import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from fastapi import Depends, FastAPI, Header, HTTPException, Request
from pydantic import BaseModel
from redis.asyncio import Redis

from stores.session_keys import session_key
from stores.vaulted import load_settings

settings = load_settings()
_LIMIT = 1_000_000


class Course(BaseModel):
    id: UUID
    title: str
    description: str
    category: str
    difficulty: str
    duration: int
    price: Decimal
    currency: str
    language: str
    tags: list[str]
    created_at: datetime
    outline: list[dict[str, Any]]


class Registration(BaseModel):
    organisation: str
    email: str
    password: str
    first_name: str
    last_name: str


class Credentials(BaseModel):
    organisation: str
    email: str
    password: str


class EnrollmentRequest(BaseModel):
    course_id: UUID


@asynccontextmanager
async def lifespan(api: FastAPI) -> AsyncIterator[None]:
    assert settings.database_url
    assert settings.valkey_url
    api.state.pool = await asyncpg.create_pool(settings.database_url.get_secret_value(), min_size=4, max_size=10)
    api.state.valkey = Redis.from_url(settings.valkey_url.get_secret_value())
    api.state.keys = {
        row["kid"]: row["public_pem"]
        for row in await api.state.pool.fetch("select kid, public_pem from signing_keys where purpose = 'access'")
    }
    api.state.private = generate_private_key(65537, 2048)
    api.state.keys["peer"] = api.state.private.public_key()
    yield
    await api.state.pool.close()
    await api.state.valkey.aclose()


app = FastAPI(lifespan=lifespan)


async def authenticated(request: Request, authorization: Annotated[str, Header()]) -> dict[str, Any]:
    """Verify the token, look the session up, count the request in a sliding window."""
    token = authorization.removeprefix("Bearer ")
    state = request.app.state
    try:
        kid = jwt.get_unverified_header(token)["kid"]
        claims: dict[str, Any] = jwt.decode(token, state.keys[kid], algorithms=["RS256"], issuer=settings.issuer)
    except (jwt.InvalidTokenError, KeyError) as error:
        raise HTTPException(401) from error
    now = time.time()
    window = f"peer:{claims['sub']}"
    async with state.valkey.pipeline(transaction=True) as pipe:
        pipe.exists(session_key(UUID(claims["sid"])))
        pipe.zremrangebyscore(window, 0, now - 1)
        pipe.zadd(window, {uuid4().hex: now})
        pipe.zcard(window)
        pipe.expire(window, 2)
        alive, _, _, hits, _ = await pipe.execute()
    if not alive:
        raise HTTPException(401)
    if hits > _LIMIT:
        raise HTTPException(429)
    return claims


Claims = Annotated[dict[str, Any], Depends(authenticated)]


@app.get("/api/courses/{course_id}")
async def course(course_id: UUID, claims: Claims, request: Request) -> Course:
    row = await request.app.state.pool.fetchrow(
        "select c.*, v.content from courses c left join course_versions v on v.id = c.published_version_id"
        " where c.id = $1 and c.org_id = $2",
        course_id,
        UUID(claims["org"]),
    )
    if row is None:
        raise HTTPException(404)
    modules = json.loads(row["content"])["modules"]
    outline = [
        {
            "id": module["id"],
            "title": module["title"],
            "units": [{key: unit[key] for key in ("id", "kind", "title")} for unit in module["units"]],
        }
        for module in modules
    ]
    return Course(**{name: row[name] for name in Course.model_fields if name != "outline"}, outline=outline)


@app.post("/api/users/register", status_code=201)
async def register(body: Registration, request: Request) -> dict[str, str]:
    hashed = await asyncio.to_thread(bcrypt.hashpw, body.password.encode(), bcrypt.gensalt(settings.bcrypt_cost))
    user_id = uuid4()
    async with request.app.state.pool.acquire() as connection, connection.transaction():
        org_id = await connection.fetchval("select id from organisations where slug = $1", body.organisation)
        await connection.execute(
            "insert into users (id, org_id, email, password_hash, first_name, last_name, role)"
            " values ($1, $2, $3, $4, $5, $6, 'student')",
            user_id, org_id, body.email.lower(), hashed.decode(), body.first_name, body.last_name,
        )  # fmt: skip
    return {"id": str(user_id)}


@app.post("/api/sessions", status_code=201)
async def sign_in(body: Credentials, request: Request) -> dict[str, str]:
    state = request.app.state
    row = await state.pool.fetchrow(
        "select u.id, u.org_id, u.role, u.password_hash from users u join organisations o on o.id = u.org_id"
        " where o.slug = $1 and u.email = $2",
        body.organisation,
        body.email,
    )
    if row is None or not await asyncio.to_thread(
        bcrypt.checkpw, body.password.encode(), row["password_hash"].encode()
    ):
        raise HTTPException(401)
    session_id = uuid4()
    await state.valkey.hset(session_key(session_id), mapping={"user": row["id"].hex})
    await state.valkey.expire(session_key(session_id), 3600)
    now = datetime.now(UTC)
    claims = {
        "iss": settings.issuer, "sub": str(row["id"]), "org": str(row["org_id"]), "role": row["role"],
        "sid": str(session_id), "jti": uuid4().hex, "iat": now, "exp": now + timedelta(minutes=15),
    }  # fmt: skip
    return {"access_token": jwt.encode(claims, state.private, algorithm="RS256", headers={"kid": "peer"})}


@app.post("/api/enrollments", status_code=201)
async def enroll(body: EnrollmentRequest, claims: Claims, request: Request) -> dict[str, str]:
    enrollment_id = uuid4()
    async with request.app.state.pool.acquire() as connection, connection.transaction():
        version = await connection.fetchval(
            "select published_version_id from courses where id = $1 and org_id = $2 for share",
            body.course_id,
            UUID(claims["org"]),
        )
        await connection.execute(
            "insert into enrollments (id, org_id, user_id, course_id, course_version_id, enrolled_at)"
            " values ($1, $2, $3, $4, $5, now())",
            enrollment_id, UUID(claims["org"]), UUID(claims["sub"]), body.course_id, version,
        )  # fmt: skip
    return {"id": str(enrollment_id)}


@app.put("/api/enrollments/{enrollment_id}/units/{unit_id}/completion")
async def complete(enrollment_id: UUID, unit_id: UUID, claims: Claims, request: Request) -> dict[str, str]:
    org_id = UUID(claims["org"])
    async with request.app.state.pool.acquire() as connection, connection.transaction():
        row = await connection.fetchrow(
            "select e.id, cardinality(v.unit_ids) as units from enrollments e"
            " join course_versions v on v.id = e.course_version_id"
            " where e.id = $1 and e.org_id = $2 and e.user_id = $3 for update of e",
            enrollment_id, org_id, UUID(claims["sub"]),
        )  # fmt: skip
        if row is None:
            raise HTTPException(404)
        await connection.execute(
            "insert into unit_progress (org_id, enrollment_id, unit_id, completed_at) values ($1, $2, $3, now())"
            " on conflict (enrollment_id, unit_id) do nothing",
            org_id, enrollment_id, unit_id,
        )  # fmt: skip
        done = await connection.fetchval("select count(*) from unit_progress where enrollment_id = $1", enrollment_id)
        progress = min(Decimal(100), Decimal(100) * done / row["units"])
        await connection.execute("update enrollments set progress = $2 where id = $1", enrollment_id, progress)
    return {"progress": str(progress)}
