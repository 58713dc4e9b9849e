"""The tokens that stand for personal data, and what looks like one."""

from __future__ import annotations

import re

TOKEN = re.compile(r"\[[A-Z]{2,16}_\d{1,9}\]")
UNFINISHED = re.compile(r"\[(?:[A-Z]{1,16}(?:_\d{0,9})?)?\Z")
"""The beginning of a token, at the end of a text."""

LITERAL = "LITERAL"
"""The kind of a token for a text that looked like a token already."""


def token(kind: str, number: int) -> str:
    return f"[{kind}_{number}]"
