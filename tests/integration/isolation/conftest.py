"""One organisation whose people attack and are attacked."""

from __future__ import annotations

import pytest

from tests.platform import Organisation, Platform


@pytest.fixture(scope="session")
async def home(platform: Platform) -> Organisation:
    return await platform.create_organisation()
