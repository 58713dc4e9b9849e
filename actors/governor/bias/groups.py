"""Which groups a person is in, by what the person has told.

What people have given of themselves is opened here, made into coarse groups, and forgotten. Held are dates of birth
and needs of accessibility; gender, origin and the like are not, so nothing can be said about them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import orjson

from stores.sealing import Keyring, SealBroken
from stores.sensitive import sensitive_context

ATTRIBUTES = ("age", "accessibility_needs")
_AGES = ((18, "under 18"), (25, "18 to 24"), (35, "25 to 34"), (55, "35 to 54"))
_OLDEST = "55 or more"
_UNTOLD: Mapping[str, str | None] = dict.fromkeys(ATTRIBUTES)


def groups_of(row: Mapping[str, Any], keyring: Keyring, today: date) -> Mapping[str, str | None]:
    """The groups of the person in `user_id` and `sensitive`; None for what they have not told."""
    if row["sensitive"] is None:
        return _UNTOLD
    try:
        told = orjson.loads(keyring.open(row["sensitive"], sensitive_context(row["user_id"])))
    except SealBroken:
        return _UNTOLD
    born = told.get("date_of_birth")
    return {
        "age": _age_band(date.fromisoformat(born), today) if born else None,
        "accessibility_needs": "stated" if told.get("accessibility_needs") else "none stated",
    }


def _age_band(born: date, today: date) -> str:
    age = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    return next((band for limit, band in _AGES if age < limit), _OLDEST)
