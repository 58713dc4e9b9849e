"""Tokens in links."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from deployments.users.letters import Letters
from deployments.users.links import LinkToken

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


@given(st.uuids())
def test_a_token_reads_back(org_id: UUID) -> None:
    token = LinkToken.create(org_id)
    assert LinkToken.parse(token.text) == token
    assert token.digest == hashlib.sha256(token.secret.encode()).digest()
    assert len(token.secret) >= 43
    assert token.secret not in repr(token)


@given(st.text())
def test_any_text_is_a_token_or_none(text: str) -> None:
    token = LinkToken.parse(text)
    assert token is None or token.secret


def test_every_letter_has_its_link_and_end() -> None:
    letters, token = Letters("https://learn.example"), LinkToken.create(uuid4())
    invitation = letters.invitation("a@x.org", "School", "org_admin", token, NOON)
    assert f"https://learn.example/accept-invitation?token={token.text}\n" in invitation.body
    assert "as administrator" in invitation.body
    for letter in (
        letters.welcome("a@x.org", "Ada", "School", token, NOON),
        letters.reset("a@x.org", "Ada", "School", token, NOON),
    ):
        assert f"https://learn.example/reset-password?token={token.text}\n" in letter.body
        assert "2026-01-02 12:00 UTC" in letter.body
        assert letter.org_id == token.org_id


def test_subjects_fit_their_column() -> None:
    letter = Letters("x").invitation("a@x.org", "S" * 255, "student", LinkToken.create(uuid4()), NOON)
    assert len(letter.subject) == 255
