"""Every capability with a small real model."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.acceptance_llm.conftest import MODEL, LlmPlatform
from tests.capabilities import CAPABILITIES, Tour, touring


@pytest.fixture(scope="module")
def tour(llm_platform: LlmPlatform) -> Iterator[Tour]:
    password = llm_platform.azora("admin", "demo-password").stdout.strip()
    with touring(llm_platform.base_url, password, MODEL) as tour:
        yield tour


@pytest.mark.parametrize("capability", CAPABILITIES, ids=lambda one: one.__name__)
def test_it_serves_learner_and_teacher(tour: Tour, capability: Callable[[Tour], None]) -> None:
    capability(tour)
