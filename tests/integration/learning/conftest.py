from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from actors.learner_model.member import LearnerModelMember
from configs.settings import Settings
from stores.postgres import Database
from tests.integration.learning.mastering import following
from tests.platform import Platform


@pytest.fixture(scope="package")
async def system(settings: Settings) -> AsyncIterator[Database]:
    """The database as jobs see it."""
    database = Database.from_settings(settings, role="azora_system")
    yield database
    await database.close()


@pytest.fixture(scope="module")
async def tracing(platform: Platform) -> AsyncIterator[LearnerModelMember]:
    """Somebody traces learners while the tests of a module run."""
    async with following(platform.settings) as member:
        yield member
