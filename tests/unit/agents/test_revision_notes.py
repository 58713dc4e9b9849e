"""Notes for revision, which people publish."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from actors.agent.kinds import KINDS
from actors.agent.state import Status
from tests.unit.agents.fakes import carried_out

NOTES = {"course_id": str(UUID(int=7)), "topic": "memory", "passages": 5}


async def test_notes_that_were_not_to_be_published_are_made_and_others_are_refused() -> None:
    store, _ = await carried_out("revision_notes", {**NOTES, "publish": False}, "What is known.")
    assert store.status is Status.SUCCEEDED, store.error
    store, http = await carried_out("revision_notes", {**NOTES, "publish": True}, "What is known.")
    assert store.status is Status.FAILED
    assert store.error is not None
    assert "publish: Publishing is for people" in store.error["detail"]
    assert http.calls == []


@pytest.mark.parametrize("publish", [True, None, 0, "false"])
def test_only_notes_that_are_not_published_can_be_asked_for(publish: Any) -> None:
    with pytest.raises(ValidationError) as refused:
        KINDS["revision_notes"].input.model_validate({**NOTES, "publish": publish})
    assert [(one["loc"], one["type"]) for one in refused.value.errors()] == [(("publish",), "extra_forbidden")]
    assert "publish" not in KINDS["revision_notes"].input.model_json_schema()["properties"]
