"""What the platform counts of itself while it is used."""

from __future__ import annotations

import dataclasses

from configs.rates import Rate
from deployments.kit.gate import Gate
from deployments.sessions.deployment import SERVICE as SESSIONS
from stores.ids import new_id
from stores.metrics.registry import REGISTRY
from tests.integration.courses.support import publish
from tests.patience import patiently
from tests.platform import Platform

DURATION = "azora_http_request_duration_seconds_count"


def value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


class Grown:
    """How much a metric grew since this was made."""

    def __init__(self, name: str, **labels: str) -> None:
        self._name, self._labels = name, labels
        self._before = value(name, **labels)

    def __eq__(self, growth: object) -> bool:
        return value(self._name, **self._labels) - self._before == growth

    def __repr__(self) -> str:
        return f"{self._name}{self._labels} grew by {value(self._name, **self._labels) - self._before}"


def route(template: str, status: str = "2xx", method: str = "GET", service: str = "courses") -> Grown:
    return Grown(DURATION, service=service, method=method, route=template, status=status)


async def test_requests_are_counted_by_the_template_of_their_route(platform: Platform) -> None:
    org = await platform.create_organisation()
    author, noor = await org.person("instructor"), await org.person("student")
    course_id = await publish(author)
    found, missing = route("/api/courses/{course_id}"), route("/api/courses/{course_id}", "4xx")
    unmatched, other = route("unmatched", "4xx"), route("unmatched", "4xx", method="other")
    for _ in range(3):  # from the database, then from memory
        assert (await noor.http.get(f"/api/courses/{course_id}")).status_code == 200
    assert (await noor.http.get(f"/api/courses/{new_id()}")).status_code == 404
    for number in range(4):
        assert (await noor.http.get(f"/api/courses/{course_id}/nothing/{number}")).status_code == 404
    assert (await noor.http.request("BREW", "/api/courses/a/b/c/d/e")).status_code == 404
    assert found == 3
    assert missing == 1
    assert unmatched == 4
    assert other == 1
    assert value("azora_http_requests_in_flight", service="courses") == 0


async def test_problems_are_counted_by_type(platform: Platform) -> None:
    student = await (await platform.create_organisation()).person("student")
    forbidden = Grown("azora_http_problems_total", type="forbidden")
    unauthenticated = Grown("azora_http_problems_total", type="unauthenticated")
    invalid = Grown("azora_http_problems_total", type="invalid")
    assert (await student.http.get("/api/users")).status_code == 403
    assert (await platform.http.get("/api/users/me")).status_code == 401
    assert (await platform.http.post("/api/sessions", json={})).status_code == 422
    assert forbidden == 1
    assert unauthenticated == 1
    assert invalid == 1


async def test_sign_ins_and_refused_tokens_are_counted(platform: Platform) -> None:
    org = await platform.create_organisation()
    succeeded, wrong, late = (
        Grown("azora_sign_ins_total", outcome=outcome) for outcome in ("succeeded", "wrong_credentials", "backed_off")
    )
    student = await org.person("student")
    body = {"organisation": org.slug, "email": student.email, "password": "not the password"}
    answers = [(await platform.http.post("/api/sessions", json=body)).status_code for _ in range(6)]
    assert answers == [401] * 5 + [429]
    assert succeeded == 1
    assert wrong == 5
    assert late == 1

    revoked, invalid = (Grown("azora_access_tokens_refused_total", reason=reason) for reason in ("revoked", "invalid"))
    assert (await student.http.delete("/api/sessions/current")).status_code == 204
    async for _ in patiently():
        if (await student.http.get("/api/users/me")).status_code == 401:
            break
    assert revoked == 1
    assert (await platform.http.get("/api/users/me", headers={"authorization": "Bearer no"})).status_code == 401
    assert invalid == 1


async def test_a_stolen_refresh_token_is_counted(platform: Platform) -> None:
    student = await (await platform.create_organisation()).person("student")
    reused, unknown = (Grown("azora_refresh_tokens_refused_total", reason=reason) for reason in ("reused", "unknown"))
    body = {"refresh_token": student.refresh_token}
    assert (await platform.http.post("/api/sessions/refresh", json=body)).status_code == 200
    assert (await platform.http.post("/api/sessions/refresh", json=body)).status_code == 401
    assert (await platform.http.post("/api/sessions/refresh", json={"refresh_token": "x"})).status_code == 401
    assert reused == 1
    assert unknown == 1


async def test_who_comes_too_often_is_counted(platform: Platform) -> None:
    gate = dict(platform.host._gates)[SESSIONS.prefix]
    assert isinstance(gate, Gate)
    kept = gate._limits
    refused = Grown("azora_rate_limit_refusals_total", policy="person")
    student = await (await platform.create_organisation()).person("student")
    gate._limits = dataclasses.replace(kept, per_person=Rate(2, 60))
    try:
        answers = [(await student.http.get("/api/sessions")).status_code for _ in range(4)]
    finally:
        gate._limits = kept
    assert answers == [200, 200, 429, 429]
    assert refused == 2


async def test_the_pool_and_the_outbox_are_watched(platform: Platform) -> None:
    transactions = Grown("azora_database_acquire_seconds_count", role="azora_app")
    published = Grown("azora_events_published_total", topic="user_events")
    await (await platform.create_organisation()).person("student")
    assert transactions != 0
    assert published == 1
    assert value("azora_database_connections_limit", role="azora_app") > 0
    assert value("azora_database_connections_in_use", role="azora_app") == 0
