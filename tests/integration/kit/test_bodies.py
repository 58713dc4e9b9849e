"""A body that is too long is refused before it is held in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from stores.ids import new_id
from tests.platform import Platform

_CHUNK = b" " * 1_048_576
IMPORTS = ["/api/users/imports", "/api/enrollments/imports"]


class Endless:
    """A body without a length, of which nobody needs to read everything."""

    def __init__(self) -> None:
        self.given = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while self.given < 400 * len(_CHUNK):
            self.given += len(_CHUNK)
            yield _CHUNK


@pytest.mark.parametrize("path", IMPORTS)
@pytest.mark.parametrize("with_key", [True, False])
async def test_an_endless_import_is_cut_off_at_its_bound(platform: Platform, path: str, with_key: bool) -> None:
    org = await platform.create_organisation()
    admin = await org.person("org_admin")
    body, headers = Endless(), {"content-type": "text/csv"}
    if with_key:
        headers["idempotency-key"] = new_id().hex
    answer = await admin.http.post(path, content=body, headers=headers)
    assert answer.status_code == 413, answer.text
    assert answer.json()["type"] == "urn:azora:problem:payload-too-large"
    assert body.given <= platform.settings.max_import_bytes + 2 * len(_CHUNK)


@pytest.mark.parametrize("path", IMPORTS)
async def test_an_announced_length_is_believed(platform: Platform, path: str) -> None:
    org = await platform.create_organisation()
    admin, body = await org.person("org_admin"), Endless()
    too_long = str(platform.settings.max_import_bytes + 1)
    headers = {"content-type": "text/csv", "content-length": too_long, "idempotency-key": new_id().hex}
    answer = await admin.http.post(path, content=body, headers=headers)
    assert answer.status_code == 413
    assert body.given == 0


async def test_what_a_key_goes_with_is_bounded_on_every_route(platform: Platform) -> None:
    org = await platform.create_organisation()
    admin, body = await org.person("org_admin"), Endless()
    headers = {"content-type": "application/json", "idempotency-key": new_id().hex}
    answer = await admin.http.post("/api/users", content=body, headers=headers)
    assert answer.status_code == 413
    assert body.given <= platform.settings.max_body_bytes + 2 * len(_CHUNK)
