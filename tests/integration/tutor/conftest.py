from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from actors.retrieval_index.member import RetrievalMember
from configs.settings import Settings
from stores.postgres import Database
from tests.integration.retrieval.support import indexing
from tests.platform import Platform


@pytest.fixture(scope="package")
async def system(settings: Settings) -> AsyncIterator[Database]:
    """The database as duties see it."""
    database = Database.from_settings(settings, role="azora_system")
    yield database
    await database.close()


@pytest.fixture(scope="module")
async def index(platform: Platform) -> AsyncIterator[RetrievalMember]:
    """Somebody keeps the index while the tests of a module run."""
    async with indexing(platform.settings) as member:
        yield member
