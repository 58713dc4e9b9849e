"""What `azora analytics` does."""

from __future__ import annotations

import random

import pytest

from cluster.analytics import rebuild_figures, show_lag
from tests.integration.analytics_aggregator.support import Log, assert_figures
from tests.unit.analytics_aggregator.lives import Lives, random_steps


async def test_rebuilding_and_asking_how_far_behind(log: Log, capsys: pytest.CaptureFixture[str]) -> None:
    await show_lag(log.settings)
    assert "Nobody computes figures yet" in capsys.readouterr().out
    told = Lives(log.orgs).tell(random_steps(random.Random(1), 80))
    await log.append(told)
    await log.aggregate()
    await rebuild_figures(log.settings)
    assert f"Generation 2 of the figures, from {len(told)} events." in capsys.readouterr().out
    await show_lag(log.settings)
    assert "nobody" not in capsys.readouterr().out
    await assert_figures(log, await log.expected())
