"""Small pieces of the kit."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from configs.errors import ConfigurationError
from deployments.kit.correlation import Correlation
from deployments.kit.errors import Invalid, PreconditionFailed
from deployments.kit.etags import check_match, etag, none_match
from deployments.kit.gate import client_address
from deployments.kit.paging import decode_cursor, encode_cursor, split_page
from deployments.kit.passwords import Passwords, check_policy
from deployments.kit.permissions import PUBLIC, ROLES, ROUTES, permission_of
from deployments.kit.routes import service_router
from tests.routes import all_routes

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def test_correlation_continues_the_callers_trace_under_a_span_of_its_own() -> None:
    ids = Correlation.of("req-1", TRACE)
    assert ids.request_id == "req-1"
    assert ids.traceparent[3:35] == TRACE[3:35]
    assert ids.traceparent[36:52] != TRACE[36:52]
    assert ids.traceparent.endswith("-01")


@pytest.mark.parametrize("bad", [None, "", "a b", "x" * 129, "line\nbreak", "é"])
def test_correlation_replaces_a_malformed_id(bad: str | None) -> None:
    ids = Correlation.of(bad, "00-" + "0" * 32 + "-b7ad6b7169203331-01")
    assert UUID(ids.request_id).version == 7
    assert ids.traceparent[3:35] != "0" * 32


@given(st.tuples(st.uuids(), st.datetimes(timezones=st.just(UTC)), st.integers(-(2**63), 2**63 - 1)))
def test_cursor_gives_back_its_position(position: tuple[UUID, datetime, int]) -> None:
    cursor = encode_cursor(*position)
    assert decode_cursor(cursor, UUID, datetime.fromisoformat, int) == list(position)


@given(st.text(max_size=200))
def test_foreign_cursor_is_refused_not_crashed_on(text: str) -> None:
    with suppress(Invalid):
        decode_cursor(text, UUID)


@given(st.lists(st.integers(-100, 100), max_size=30), st.integers(1, 20))
def test_a_page_is_never_longer_than_its_limit(rows: list[int], limit: int) -> None:
    page, cursor = split_page(rows, limit, lambda row: (row,))
    assert page == rows[:limit]
    assert (cursor is None) == (len(rows) <= limit)


def test_if_match() -> None:
    check_match(None, 3)
    check_match("*", 3)
    check_match('"2", "3.7"', 3)
    check_match('W/"3"', 3)
    with pytest.raises(PreconditionFailed):
        check_match('"2"', 3)
    assert none_match('"1", W/"3.7"', etag(3, 7))
    assert not none_match('"3"', etag(3, 7))


def test_every_route_is_in_the_matrix_and_nothing_else_is() -> None:
    health = {"health", "ready"}
    registered = {(route.method, route.path) for route in all_routes() if route.path.rsplit("/", 1)[-1] not in health}
    declared = {tuple(route.split()) for route in ROUTES}
    web = {("GET", "/"), ("GET", "/docs"), ("GET", "/docs/assets/{name}")}
    assert registered == declared - web


def test_a_route_without_permission_is_refused() -> None:
    router = service_router("/api/users")
    with pytest.raises(ConfigurationError, match="declares no permission"):
        router.get("/undeclared")(lambda: None)


def test_every_permission_is_held_by_somebody_and_known() -> None:
    held = frozenset().union(*ROLES.values())
    assert set(ROUTES.values()) - {PUBLIC} <= held
    assert permission_of("GET", "/api/courses/health") == PUBLIC


@pytest.mark.parametrize(
    ("proxies", "forwarded", "expected"),
    [
        (0, [b"9.9.9.9"], "10.0.0.1"),
        (1, [b"9.9.9.9"], "9.9.9.9"),
        (1, [b"6.6.6.6, 9.9.9.9"], "9.9.9.9"),
        (1, [b"6.6.6.6", b"9.9.9.9"], "9.9.9.9"),
        (2, [b"6.6.6.6, 9.9.9.9", b"10.0.0.7"], "9.9.9.9"),
        (3, [b"9.9.9.9"], "9.9.9.9"),
        (1, [], "10.0.0.1"),
    ],
)
def test_only_trusted_proxies_name_the_client(proxies: int, forwarded: list[bytes], expected: str) -> None:
    headers = [(b"x-forwarded-for", value) for value in forwarded]
    assert client_address({"client": ("10.0.0.1", 5), "headers": headers}, proxies) == expected


@pytest.mark.parametrize(
    "password", ["short", "x" * 73, "ü" * 37, "aaaaaaaaaaaa", "ada@example.org", "null\x00byte long"]
)
def test_poor_passwords_are_refused(password: str) -> None:
    with pytest.raises(Invalid):
        check_policy(password, personal=("Ada@Example.org",))


async def test_passwords_never_match_nothing() -> None:
    passwords = Passwords(4)
    hashed = await passwords.hash("correct horse battery")
    assert await passwords.verify("correct horse battery", hashed)
    assert not await passwords.verify("correct horse batterz", hashed)
    assert not await passwords.verify("nobody's password", None)
    assert not await passwords.verify("x" * 73, await passwords.hash("x" * 72))
    assert Passwords(5).outdated(hashed)
    assert not passwords.outdated(hashed)
