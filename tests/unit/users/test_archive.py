"""The archive of what is held on a person."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

from deployments.users import archive


def test_it_is_readable_and_counts_right() -> None:
    user_id = uuid4()
    parts: dict[str, list[dict[str, Any]]] = {name: [] for name in archive.CONTENTS}
    parts["profile"] = [{"id": user_id}]
    parts["enrollments"] = [{"score": Decimal("12.50"), "at": datetime(2026, 1, 1, tzinfo=UTC)}]
    made_at = datetime(2026, 1, 2, tzinfo=UTC)
    packed = archive.build(parts, user_id=user_id, organisation="A {School}", made_at=made_at)
    with zipfile.ZipFile(io.BytesIO(packed)) as found:
        manifest = json.loads(found.read("manifest.json"))
        assert {file["file"] for file in manifest["files"]} == {f"{name}.json" for name in archive.CONTENTS}
        assert json.loads(found.read("profile.json")) == {"id": str(user_id)}
        assert json.loads(found.read("enrollments.json")) == [{"score": "12.50", "at": "2026-01-01T00:00:00Z"}]
        assert "A {School}" in found.read("README.txt").decode()
    assert manifest["format"] == archive.FORMAT
