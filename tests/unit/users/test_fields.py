"""What fields may be."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from deployments.kit.times import Date
from deployments.users.fields import Email, LinkText, Locale, Name, Text, Timezone


def _is(kind: Any, value: object) -> bool:
    try:
        TypeAdapter(kind).validate_python(value)
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize("tag", ["en", "pt-BR", "zh-Hant-TW", "es-419", "de-CH-1996", "sl-rozaj"])
def test_language_tags(tag: str) -> None:
    assert _is(Locale, tag)


@pytest.mark.parametrize("tag", ["", "e", "english", "en_US", "en-", "-en", "en-US-x", "en\n"])
def test_no_language_tags(tag: str) -> None:
    assert not _is(Locale, tag)


def test_time_zones() -> None:
    assert _is(Timezone, "Europe/Lisbon")
    assert _is(Timezone, "UTC")
    for name in ("", "Europe", "../etc/passwd", "/etc/localtime", "europe/Atlantis", "x" * 65):
        assert not _is(Timezone, name)


@pytest.mark.parametrize(("given", "kept"), [("A.Da+x@EXAMPLE.org", "a.da+x@example.org"), (" a@münchen.de", None)])
def test_addresses(given: str, kept: str | None) -> None:
    if kept is None:
        assert TypeAdapter(Email).validate_python(given.strip()) == given.strip()
    else:
        assert TypeAdapter(Email).validate_python(given) == kept


@pytest.mark.parametrize(
    "address", ["", "a", "a@b", "@x.org", "ü@x.org", "a b@x.org", "a@x.org\n", "a@x.invalid", "İ@x.org"]
)
def test_no_addresses(address: str) -> None:
    assert not _is(Email, address) or TypeAdapter(Email).validate_python(address) == address.strip().lower()


@given(st.text())
def test_names_are_one_line_that_the_database_takes(text: str) -> None:
    if _is(Name, text):
        kept = TypeAdapter(Name).validate_python(text)
        assert 1 <= len(kept) <= 100
        assert not set(kept) & set("\x00\r\n\t\x1b\x7f\x85")
        kept.encode()


@given(st.text())
def test_texts_are_what_the_database_takes(text: str) -> None:
    if _is(Text, text):
        assert "\x00" not in text
        text.encode()


def test_links_hold_nothing_odd() -> None:
    assert _is(LinkText, "0f.abc_-")
    for text in ("", "a b", "a\x00", "x" * 256, "a/b"):
        assert not _is(LinkText, text)


def test_dates_are_written_out() -> None:
    assert _is(Date, "2001-02-28")
    for value in (
        "2001-02-29",
        "20010228",
        "2001-W09-3",
        "2001-02-28T00:00:00Z",
        "0",
        0,
        1e9,
        "",
        None,
        True,
        "\uff12001-02-28",
    ):
        assert not _is(Date, value)
