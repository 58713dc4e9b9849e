"""The organisation that the load works in: learners who are signed in, and courses with units to complete."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import httpx

from cluster.several.local_cluster import LocalCluster
from deployments.kit.passwords import Passwords
from deployments.users.administration import create_organisation, create_user
from stores.ids import new_id
from stores.postgres import Database

PASSWORD = "a load that never stops"
_UNITS = 5
_AT_ONCE = 4


@dataclass(frozen=True)
class Course:
    id: str
    title: str
    units: list[str]


@dataclass(frozen=True)
class Learner:
    id: str
    email: str
    token: str


@dataclass(frozen=True)
class World:
    """People and courses, and how to reach them."""

    organisation: str
    http: httpx.AsyncClient
    administrator: str
    approver: str
    courses: list[Course]
    learners: list[Learner] = field(default_factory=list)


def client(cluster: LocalCluster) -> httpx.AsyncClient:
    """A client of the gateway that trusts its certificate."""
    trust = ssl.create_default_context(cafile=str(cluster.authority))
    limits = httpx.Limits(max_connections=200, max_keepalive_connections=50)
    return httpx.AsyncClient(base_url=cluster.url, verify=trust, timeout=30, trust_env=False, limits=limits)


def load_client(cluster: LocalCluster) -> aiohttp.ClientSession:
    """The same for many requests at once."""
    trust = ssl.create_default_context(cafile=str(cluster.authority))
    connector = aiohttp.TCPConnector(ssl=trust, limit=100)
    return aiohttp.ClientSession(cluster.url, connector=connector, timeout=aiohttp.ClientTimeout(total=30))


async def build(cluster: LocalCluster, http: httpx.AsyncClient, *, learners: int, courses: int) -> World:
    """Make an organisation of that size. Every person is signed in."""
    slug = f"load-{new_id().hex[-8:]}"
    database = Database.from_settings(cluster.settings)
    try:
        await create_organisation(database, slug=slug, name="Load", registration="open")
        for name, role in (("administrator", "org_admin"), ("approver", "org_admin"), ("teacher", "instructor")):
            await create_user(
                database, Passwords(4), organisation=slug, email=f"{name}@load.example",
                first_name="Load", last_name=name, role=role, password=PASSWORD,
            )  # fmt: skip
    finally:
        await database.close()
    administrator = await _sign_in(http, slug, "administrator@load.example")
    teacher = await _sign_in(http, slug, "teacher@load.example")
    approver = await _sign_in(http, slug, "approver@load.example")
    made = [await _course(http, teacher, number) for number in range(courses)]
    slots = asyncio.Semaphore(_AT_ONCE)
    people = await asyncio.gather(*(_join(http, slug, number, slots) for number in range(learners)))
    return World(slug, http, administrator, approver, made, list(people))


async def _course(http: httpx.AsyncClient, teacher: str, number: int) -> Course:
    units = [{"kind": "text", "title": f"Unit {n}", "body": "Something to read."} for n in range(_UNITS)]
    title = f"Course {number} of the load"
    body = {
        "title": title, "description": "For the load.", "category": "education",
        "modules": [{"title": "The only one", "units": units}],
    }  # fmt: skip
    made = await _ok(http, "POST", "/api/courses", teacher, body)
    await _ok(http, "POST", f"/api/courses/{made['id']}/publish", teacher)
    content = await _ok(http, "GET", f"/api/courses/{made['id']}/content", teacher)
    return Course(made["id"], title, [unit["id"] for unit in content["modules"][0]["units"]])


async def _join(http: httpx.AsyncClient, slug: str, number: int, slots: asyncio.Semaphore) -> Learner:
    async with slots:
        email = f"learner-{number}@load.example"
        body = {
            "organisation": slug, "email": email, "password": PASSWORD, "first_name": "Learner",
            "last_name": str(number),
        }  # fmt: skip
        person = await _ok(http, "POST", "/api/users/register", None, body)
        return Learner(person["id"], email, await _sign_in(http, slug, email))


async def _sign_in(http: httpx.AsyncClient, slug: str, email: str) -> str:
    body = {"organisation": slug, "email": email, "password": PASSWORD}
    return str((await _ok(http, "POST", "/api/sessions", None, body))["access_token"])


async def _ok(http: httpx.AsyncClient, method: str, path: str, token: str | None, body: Any = None) -> Any:
    headers = {"authorization": f"Bearer {token}"} if token else {}
    answer = await http.request(method, path, json=body, headers=headers)
    if answer.status_code not in (200, 201):
        raise RuntimeError(f"{method} {path}: {answer.status_code} {answer.text}")
    return answer.json()
