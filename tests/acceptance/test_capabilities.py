"""Every capability with the models that come with the platform, and no language model."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.acceptance.capabilities import CAPABILITIES, Tour, touring
from tests.acceptance.conftest import RunningPlatform, on


@pytest.fixture(scope="module")
def tour(running_platform: RunningPlatform) -> Iterator[Tour]:
    with touring(running_platform.base_url, running_platform.demo_password) as tour:
        yield tour


@on("production")  # where each of them asks others over HTTP
@pytest.mark.parametrize("capability", CAPABILITIES, ids=lambda one: one.__name__)
def test_it_serves_learner_and_teacher(tour: Tour, capability: Callable[[Tour], None]) -> None:
    capability(tour)
