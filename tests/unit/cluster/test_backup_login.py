"""Programs of PostgreSQL get the owner's password where nobody can list it."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.backup import database


@given(st.text(min_size=1))
def test_the_password_is_taken_out_as_it_was_meant(password: str) -> None:
    bare, found = database.without_password(f"postgresql://owner:{quote(password, safe='')}@db.example:5432/azora?a=b")
    assert (bare, found) == ("postgresql://owner@db.example:5432/azora?a=b", password)


@given(st.text(min_size=1))
def test_one_in_the_query_too(password: str) -> None:
    told = quote(password, safe="")
    bare, found = database.without_password(f"postgresql://owner@db/azora?host=/run/a%20b&password={told}&a=b")
    assert (bare, found) == ("postgresql://owner@db/azora?host=/run/a%20b&a=b", password)


@pytest.mark.parametrize("url", ["postgresql://azora@/azora?host=/run/azora", "postgresql:///azora?host=/run/azora"])
def test_an_address_without_one_stays_as_it_is(url: str) -> None:
    assert database.without_password(url) == (url, "")


async def test_no_argument_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[tuple[tuple[str, ...], dict[str, Any]]] = []

    async def record(*arguments: str, **options: Any) -> None:
        started.append((arguments, options))

    monkeypatch.setattr(asyncio, "create_subprocess_exec", record)
    await database._program("psql", url="postgresql://owner:open%20sesame@db.example/azora")
    ((arguments, options),) = started
    assert arguments[1:] == ("--dbname=postgresql://owner@db.example/azora",)
    assert options["env"]["PGPASSWORD"] == "open sesame"
