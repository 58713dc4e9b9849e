"""What proposals remember of the texts that they were made of."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from deployments.courses.outlines import Unit
from deployments.courses.service import proposals
from deployments.courses.service.proposals import Proposals
from learning.embedding.embedder import Embedder
from stores.postgres import Database


def unit(characters: int) -> Unit:
    return Unit(
        id=uuid4(), module_id=UUID(int=1), kind="text", title="A title", body="x" * characters, video_url=None,
        quiz=None, assignment=None, revision=1,
    )  # fmt: skip


@pytest.fixture
def subject() -> Proposals:
    return Proposals(Embedder.of(on=False, threads=1), Database("postgresql:///nowhere"))


def test_a_text_is_taken_apart_anew_where_it_changed(subject: Proposals) -> None:
    one = unit(100)
    first = subject._text(one)
    assert subject._text(one) is first
    for changed in (replace(one, title="Another"), replace(one, body="y")):
        found = subject._text(changed)
        assert (found.key, found.title, found.markdown) == (str(one.id), changed.title, changed.body)
    assert len(subject._remembered) == 1


def test_what_is_remembered_has_a_bound_in_bytes(subject: Proposals) -> None:
    units = [unit(length) for length in (20_000, 60_000, 1) * 60]
    texts = [subject._text(one) for one in units]
    assert [len(text.markdown) for text in texts] == [len(one.body) for one in units]
    assert 0 < len(subject._remembered) < len(units)
    kept = [subject._remembered.get(one.id) for one in units]
    assert kept[-3:] == texts[-3:]  # the last used
    assert 16 * sum(len(text.markdown) for text in kept if text is not None) <= proposals._REMEMBERED_BYTES
