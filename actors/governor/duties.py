"""What the governor has the housekeeper do."""

from __future__ import annotations

from datetime import timedelta

from actors.governor.bias.watching import EVERY, WatchDecisions
from actors.governor.recording import forget_plans
from actors.housekeeper.duties import Duty
from configs.settings import Settings


def duties(settings: Settings) -> list[Duty]:
    """The governor's duties."""
    return [
        Duty(name="forget_judged_plans", every=timedelta(hours=6), run=forget_plans),
        Duty(name="watch_decisions", every=EVERY, run=WatchDecisions(settings)),
    ]
