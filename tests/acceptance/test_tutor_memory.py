"""A conversation goes on while its memory is killed, and is remembered again afterwards."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from typing import Any

import httpx
import psutil
import pytest

from stores.ids import new_id
from tests.acceptance.conftest import RunningPlatform, on
from tests.acceptance.scraping import PATIENCE_SECONDS, Scrape, total

PASSWORD = "what was it that you said"
QUESTIONS = ("What is the median?", "And why is it hardly moved by outliers?", "How do I draw a histogram?")


@pytest.fixture
def ask(http: httpx.Client) -> Callable[[], dict[str, Any]]:
    """Asks the next question in a conversation of somebody's own, about a course of the demo school."""
    person = {"organisation": "demo", "email": f"{new_id().hex}@memory.example", "password": PASSWORD}
    assert http.post("/api/users/register", json={**person, "first_name": "A", "last_name": "B"}).status_code == 201
    token = http.post("/api/sessions", json=person).json()["access_token"]
    http.headers["authorization"] = f"Bearer {token}"
    course = {"course_id": http.get("/api/courses", params={"q": "data literacy"}).json()["items"][0]["id"]}
    assert http.post("/api/enrollments", json=course).status_code == 201
    conversation = http.post("/api/tutor/conversations", json=course).json()["id"]
    turns: list[dict[str, Any]] = []

    def next_turn() -> dict[str, Any]:
        text = QUESTIONS[len(turns) % len(QUESTIONS)]
        answer = http.post(f"/api/tutor/conversations/{conversation}/turns", json={"text": text})
        assert answer.status_code == 201, answer.text
        turn: dict[str, Any] = answer.json()
        turns.append(turn)
        assert turn["number"] == len(turns)
        assert http.get(f"/api/tutor/conversations/{conversation}").json()["items"] == turns
        return turn

    return next_turn


@on("production")  # one of them is enough
def test_killed_in_mid_conversation(
    running_platform: RunningPlatform, scrape: Scrape, ask: Callable[[], dict[str, Any]]
) -> None:
    remembered(scrape, ask)
    for _ in range(2):
        os.kill(actor(running_platform), signal.SIGKILL)
        ask()  # at once
        remembered(scrape, ask)


def remembered(scrape: Scrape, ask: Callable[[], dict[str, Any]]) -> None:
    """Ask until a turn finds those before it in memory."""
    before, deadline = recalled(scrape), time.monotonic() + PATIENCE_SECONDS
    while recalled(scrape) == before:
        assert time.monotonic() < deadline, "nothing is remembered"
        ask()


def recalled(scrape: Scrape) -> float:
    family = "azora_tutor_recalled"
    return total(scrape(), family, f"{family}_total", origin="remembered")


def actor(platform: RunningPlatform) -> int:
    """The process that remembers, whichever comes next where it was killed just now."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        for process in psutil.Process(platform.running.pid).children(recursive=True):
            try:
                if process.cmdline()[:1] and process.cmdline()[0].startswith("ray::ConversationActor"):
                    return process.pid
            except psutil.NoSuchProcess:
                continue
        assert time.monotonic() < deadline, "nobody remembers"
        time.sleep(0.2)
