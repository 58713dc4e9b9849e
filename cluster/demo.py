"""The demo organisation: people, and courses worth reading, brought in the way any school would, over HTTP."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import httpx
import yaml

from configs.errors import AzoraError
from configs.settings import Settings
from deployments.kit.passwords import Passwords
from deployments.users.administration import create_organisation, create_user, emails
from deployments.users.errors import SlugTaken
from stores.postgres import Database

SLUG = "demo"
_CONTENT = Path(__file__).parent.parent / "configs" / "demo"
_TIMEOUT_SECONDS = 120.0  # replicas that have just started answer slowly where all of them share two processors


class DemoFailed(AzoraError):
    title = "The demo content could not be created"


@dataclass(frozen=True)
class DemoAccount:
    """Somebody to try the platform as."""

    email: str
    role: str
    first_name: str
    last_name: str


def accounts() -> list[DemoAccount]:
    """The people of the demo organisation."""
    return [DemoAccount(**account) for account in _organisation()["accounts"]]


def _organisation() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((_CONTENT / "organisation.yaml").read_text())
    return document


async def ensure(settings: Settings, base_url: str, password: str) -> list[DemoAccount]:
    """Create what is missing of the demo; what exists is left alone, edits included. Returns its people.

    Raises `DemoFailed`.
    """
    people = accounts()
    database = Database.from_settings(settings)
    try:
        await _create_people(database, Passwords(settings.bcrypt_cost), people, password)
    finally:
        await database.close()
    async with httpx.AsyncClient(base_url=base_url, timeout=_TIMEOUT_SECONDS, trust_env=False) as http:
        await _create_courses(http, password)
    return people


async def _create_people(database: Database, passwords: Passwords, people: list[DemoAccount], password: str) -> None:
    with suppress(SlugTaken):
        await create_organisation(database, slug=SLUG, name=_organisation()["name"], registration="open")
    known = await emails(database, SLUG)
    for person in people:
        if person.email not in known:
            await create_user(database, passwords, organisation=SLUG, password=password, **asdict(person))


async def _create_courses(http: httpx.AsyncClient, password: str) -> None:
    tokens: dict[str, str] = {}
    ids: dict[str, str] = {}
    courses = [yaml.safe_load(file.read_text()) for file in sorted((_CONTENT / "courses").glob("*.yaml"))]
    for course in sorted(courses, key=lambda course: len(course["prerequisites"])):
        teacher = course.pop("instructor")
        if teacher not in tokens:
            tokens[teacher] = await _token(http, teacher, password)
        headers = {"authorization": f"Bearer {tokens[teacher]}"}
        slug, prerequisites = course.pop("slug"), course.pop("prerequisites")
        course_id, new = await _find_or_create(http, headers, course)
        ids[slug] = course_id
        if new and prerequisites:
            wanted = {"prerequisites": [ids[name] for name in prerequisites]}
            await _call(http, "PUT", f"/api/courses/{course_id}/prerequisites", headers, wanted)
        if new:
            await _call(http, "POST", f"/api/courses/{course_id}/publish", headers)


async def _find_or_create(http: httpx.AsyncClient, headers: dict[str, str], course: dict[str, Any]) -> tuple[str, bool]:
    page = await _call(http, "GET", "/api/courses?mine=true&limit=200", headers)
    for found in page["items"]:
        if found["title"] == course["title"]:
            return found["id"], found["status"] == "draft"
    created = await _call(http, "POST", "/api/courses", headers, course)
    return created["id"], True


async def _token(http: httpx.AsyncClient, email: str, password: str) -> str:
    credentials = {"organisation": SLUG, "email": email, "password": password}
    tokens = await _call(http, "POST", "/api/sessions", {}, credentials)
    token: str = tokens["access_token"]
    return token


async def _call(
    http: httpx.AsyncClient, method: str, path: str, headers: dict[str, str], body: Any = None
) -> dict[str, Any]:
    try:
        answer = await http.request(method, path, headers=headers, json=body)
    except httpx.HTTPError as error:
        raise DemoFailed(f"{method} {path}: {error!r}") from error
    if answer.status_code >= 400:
        raise DemoFailed(f"{method} {path}: {answer.status_code} {answer.text}")
    return dict(answer.json()) if answer.content else {}
