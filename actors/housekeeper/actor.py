"""The Ray shell around `Housekeeper`.

Every replica imports this to start it, and one process of the cluster is it: what it works with is imported there.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import ray
import structlog

from actors.monitoring import observe
from configs import placement
from configs.settings import Settings
from stores.postgres import Database
from stores.vaulted import with_vault

if TYPE_CHECKING:
    from actors.housekeeper.duties import Duty
    from actors.housekeeper.state import Record

NAMESPACE = "azora"
NAME = "housekeeper"


@ray.remote(num_cpus=0, max_restarts=-1, resources=placement.ACTOR)
class HousekeeperActor:
    """Keeps house from its first moment on, also after a restart: all it needs to know is in the database."""

    def __init__(self, settings: Settings, duties: Callable[[Settings], Sequence[Duty]]) -> None:
        from actors.housekeeper.duties import standard_duties
        from actors.housekeeper.state import Housekeeper
        from actors.learner_model.member import LearnerModelMember

        structlog.configure(
            processors=[
                structlog.processors.add_log_level,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                structlog.processors.JSONRenderer(),
            ]
        )
        settings = with_vault(settings)
        observe(settings, NAME)
        database = Database.from_settings(settings, role="azora_system")
        self._housekeeper = Housekeeper(database, [*standard_duties(settings), *duties(settings)])
        # A guest, since a process of its own would cost more than it does.
        self._learner_model = LearnerModelMember(settings, database, NAME)
        # A loop of its own: an asynchronous actor's runs only from the first call on, and nobody need call this one.
        threading.Thread(target=asyncio.run, args=(self._keep(),), name=NAME, daemon=True).start()

    async def _keep(self) -> None:
        await asyncio.gather(self._housekeeper.run(), self._learner_model.run(asyncio.Event()))

    def report(self) -> dict[str, Record]:
        """See `Housekeeper.report`."""
        return self._housekeeper.report()


def start_housekeeper(settings: Settings, duties: Callable[[Settings], Sequence[Duty]]) -> Any:
    """The cluster's one housekeeper, created where it is absent; `duties` makes the services' own, in its process."""
    options = HousekeeperActor.options(  # type: ignore[attr-defined]
        name=NAME, namespace=NAMESPACE, lifetime="detached", get_if_exists=True
    )
    return options.remote(settings, duties)
