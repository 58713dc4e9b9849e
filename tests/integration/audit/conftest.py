"""A chain of each test's own."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from configs.settings import Settings
from tests.integration.audit.support import Chain


@pytest.fixture
async def chain(settings: Settings) -> AsyncIterator[Chain]:
    async with Chain.opened(settings) as opened:
        yield opened
