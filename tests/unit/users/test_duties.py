"""What housekeeping does for the service travels to another process."""

from __future__ import annotations

import pickle
from pathlib import Path

from actors.housekeeper.duties import standard_duties
from configs.settings import Settings
from deployments.users.duties import duties


def test_duties_can_be_sent_to_an_actor(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    sent = pickle.loads(pickle.dumps(duties(settings)))
    assert sent == duties(settings)
    names = [duty.name for duty in [*standard_duties(settings), *sent]]
    assert len(set(names)) == len(names)
