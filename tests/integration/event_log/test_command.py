"""`azora events` on a log with dead letters."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from typer.testing import CliRunner, Result

from cluster.events_cli import app
from cluster.installation import environment
from stores.event_log import dead_letters
from stores.ids import new_id
from tests.integration.event_log.support import Ledger, Log, drain

Azora = Callable[..., "asyncio.Future[Result]"]


@pytest.fixture
def azora(log: Log, monkeypatch: pytest.MonkeyPatch) -> Azora:
    """Runs a command beside the test, which has the loop."""
    for name, value in environment(log.settings).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("COLUMNS", "250")
    return lambda *arguments: asyncio.to_thread(CliRunner().invoke, app, arguments)  # type: ignore[return-value]


async def test_dead_letters_are_listed_shown_replayed_and_discarded(log: Log, azora: Azora) -> None:
    ledger = Ledger(log)
    await log.append(["bad", "worse"], data={"course_id": "[red]"})
    await drain(log.consumer(ledger))
    async with log.database.transaction(None) as connection:
        first, second = await dead_letters.find(connection, consumer=ledger.consumer)
    listed = (await azora("dead-letters", "list", "--consumer", ledger.consumer)).output
    assert str(first.id) in listed
    assert "invalid-data" in listed
    shown = (await azora("dead-letters", "show", str(first.id))).output
    assert "course_id: " in shown
    assert '"course_id":"[red]"' in shown
    assert (await azora("dead-letters", "show", str(new_id()))).exit_code == 1
    assert "1 dead letter" in (await azora("dead-letters", "replay", str(first.id))).output
    assert "asked for" in (await azora("dead-letters", "list")).output
    assert "Discarded 1 " in (await azora("dead-letters", "discard", str(second.id))).output
    assert "Discarded 1 " in (await azora("dead-letters", "discard", "--consumer", ledger.consumer)).output
    assert "No dead letters" in (await azora("dead-letters", "list", "--consumer", ledger.consumer)).output


@pytest.mark.parametrize("which", [[], ["--all", "--consumer", "x"], ["--all", "01999999-0000-7000-8000-000000000000"]])
async def test_a_selection_is_said_in_one_way(azora: Azora, which: list[str]) -> None:
    answer = await azora("dead-letters", "discard", *which)
    assert answer.exit_code == 1


async def test_lag_shows_every_share(log: Log, azora: Azora) -> None:
    ledger = Ledger(log)
    await drain(log.consumer(ledger))
    await log.append(["a", "b"], partition=3)
    shown = (await azora("lag")).output
    lines = [line for line in shown.splitlines() if ledger.consumer in line]
    assert len(lines) == 4
    assert "2" in lines[3].split("│")[6]


async def test_a_consumer_is_retired_once_it_has_stopped(log: Log, azora: Azora) -> None:
    ledger = Ledger(log)
    await log.append(["one"])
    consumer = log.consumer(ledger)
    await drain(consumer)
    assert (await azora("retire", ledger.consumer)).exit_code == 1
    await consumer.run(stopped())
    assert "Forgot" in (await azora("retire", ledger.consumer)).output
    assert ledger.consumer not in (await azora("lag")).output
    assert (await azora("retire", ledger.consumer)).exit_code == 1


def stopped() -> asyncio.Event:
    event = asyncio.Event()
    event.set()
    return event
