from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from configs.settings import Settings
from stores.postgres import Database


@pytest.fixture(scope="package")
async def system(settings: Settings) -> AsyncIterator[Database]:
    """The database as jobs see it."""
    database = Database.from_settings(settings, role="azora_system")
    yield database
    await database.close()
