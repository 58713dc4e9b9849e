"""What a model words, beside the event loop."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest

from actors.governor.law import shipped
from deployments.courses.service.writing import Author, Writer
from deployments.kit.principal import Principal
from learning.content import checks
from learning.content.material import Source
from learning.governance.governor import LocalGovernor
from stores.ids import new_id

TEXT = "The working memory holds about four pieces at a time. The forgetting curve falls fast at first."


class Answers:
    model = "planner"

    async def ask(self, token: str, messages: Any, **_: Any) -> str:
        return json.dumps({"title": "Memory", "body": TEXT, "questions": []})


@pytest.mark.parametrize("name", ["texts_of", "asked_before"])
async def test_what_is_there_is_gone_through_in_a_thread(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    done, through = list[threading.Thread](), getattr(checks, name)

    def noted(texts: Any) -> Any:
        done.append(threading.current_thread())
        return through(texts)

    monkeypatch.setattr(checks, name, noted)
    database: Any = None  # nothing is found that the audit log should have
    writer = Writer(asking=Answers(), governor=LocalGovernor.of(shipped()), database=database)
    principal = Principal(
        user_id=new_id(), org_id=new_id(), role="instructor", session_id=new_id(), token_id="t", issued_at=0.0,
        expires_at=1.0,
    )  # fmt: skip
    author, sources = Author(principal, "token"), [Source("u", "Memory", TEXT)]
    if name == "texts_of":
        assert await writer.unit(author, "memory", sources, sources[:0], "beginner", None) is not None
    else:
        assert await writer.quiz(author, sources, ["How?"], 3, "beginner") == ([], 0)
    assert done
    assert threading.main_thread() not in done
