"""Jobs that ask a model: one that does not answer is no model whose words do not hold."""

from __future__ import annotations

import io
import urllib.error
import urllib.request
from email.message import Message
from http.client import BadStatusLine
from typing import Any

import pytest

from jobs.data import asking
from jobs.framework.errors import JobError
from learning.content import requests
from learning.content.material import Source

REQUEST = requests.questions([Source("u", "Memory", "The working memory holds four pieces.")], 1, "beginner")
MODEL = asking.Model("http://platform", "planner", "key")


def status(code: int) -> urllib.error.HTTPError:
    return urllib.error.HTTPError("http://platform", code, "no", Message(), io.BytesIO())


def asked(monkeypatch: pytest.MonkeyPatch, *answers: Any) -> tuple[str | None, int]:
    """What came, and after how many tries."""
    tries: list[Any] = []

    def urlopen(*_: Any, **__: Any) -> Any:
        tries.append(answers[min(len(tries), len(answers) - 1)])
        if isinstance(tries[-1], Exception):
            raise tries[-1]
        return io.BytesIO(tries[-1])

    monkeypatch.setattr(urllib.request, "urlopen", urlopen)
    monkeypatch.setattr(asking.time, "sleep", lambda _: None)
    return MODEL.ask(REQUEST), len(tries)


@pytest.mark.parametrize(
    "fault",
    [ConnectionRefusedError(), urllib.error.URLError("no route"), BadStatusLine("?"), TimeoutError(), status(429),
     status(503)],
)  # fmt: skip
def test_a_model_that_is_away_ends_the_job(fault: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(JobError, match="does not answer"):
        asked(monkeypatch, fault)
    answer = b'{"choices": [{"message": {"content": "{}"}}]}'
    assert asked(monkeypatch, fault, answer) == ("{}", 2)


def test_an_answer_of_no_use_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    assert asked(monkeypatch, b"{}")[0] is None
    assert asked(monkeypatch, b"no JSON")[0] is None
    assert asked(monkeypatch, status(400)) == (None, 1)
    with pytest.raises(JobError, match="refuses"):
        asked(monkeypatch, status(403))
