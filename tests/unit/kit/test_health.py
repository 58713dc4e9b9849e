"""Readiness: what is needed, and what a service can do without."""

from __future__ import annotations

from deployments.kit.health import readiness
from learning.embedding.embedder import Embedder
from stores.errors import StoreUnavailable


async def up() -> None: ...


async def down() -> None:
    raise StoreUnavailable("gone")


async def test_what_is_off_does_not_make_a_service_unready() -> None:
    embedder = Embedder(None)
    found = await readiness("courses", {"postgresql": up}, {"search_by_meaning": embedder.check})
    assert found.status == "ready"
    off = found.dependencies["search_by_meaning"]
    assert (off.status, off.detail) == ("off", "switched off by AZORA_RETRIEVAL_VECTORS")
    embedder.close()


async def test_what_is_down_does() -> None:
    found = await readiness("courses", {"postgresql": down}, {"search_by_meaning": up})
    assert found.status == "unavailable"
    assert [d.status for d in found.dependencies.values()] == ["down", "up"]
