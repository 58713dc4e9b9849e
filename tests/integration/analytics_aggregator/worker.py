"""A process that aggregates until it is killed, over the database at the address that it is given."""

from __future__ import annotations

import asyncio
import sys

from actors.analytics_aggregator.aggregator import Aggregator
from configs.settings import Settings
from stores.postgres import Database


async def main(url: str) -> None:
    settings = Settings(database_url=url)  # type: ignore[arg-type]
    database = Database.from_settings(settings, role="azora_system")
    await Aggregator(settings, database, "analytics_aggregator-0").run(asyncio.Event())


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
