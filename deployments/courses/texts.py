"""Texts as the service takes them: bounded, and without what a database or a screen cannot hold."""

from __future__ import annotations

import unicodedata
from typing import Annotated

from pydantic import AfterValidator, StringConstraints

MAXIMUM_TAGS = 20


def _single_line(text: str) -> str:
    if any(unicodedata.category(character) == "Cc" for character in text):
        raise ValueError("must be one line without control characters")
    return text


def _no_null(text: str) -> str:
    if "\x00" in text:
        raise ValueError("must not hold a null character")
    return text


def normal_language(tag: str) -> str:
    """A language tag in the letter case that RFC 5646, section 2.1.1, recommends: `pt-BR`, `zh-Hant`."""
    first, *rest = tag.lower().split("-")
    cased = [part.upper() if len(part) == 2 else part.title() if len(part) == 4 else part for part in rest]
    return "-".join([first, *cased])


def _distinct(tags: list[str]) -> list[str]:
    return list(dict.fromkeys(tags))


SingleLine = AfterValidator(_single_line)
Multiline = AfterValidator(_no_null)

Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=255), SingleLine]
Category = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100), SingleLine]
Tag = Annotated[str, StringConstraints(strip_whitespace=True, to_lower=True, min_length=1, max_length=50), SingleLine]
TagSet = Annotated[list[Tag], AfterValidator(_distinct)]
Language = Annotated[
    str,
    StringConstraints(max_length=35, pattern=r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$"),
    AfterValidator(normal_language),
]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
Search = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), SingleLine]
QuestionText = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500), SingleLine]
# Shown by browsers as the source of a video: no other scheme, no credentials, nothing that ends an attribute.
VideoUrl = Annotated[
    str,
    StringConstraints(
        max_length=2048, pattern=r"^https://[^\x00-\x20\x7f/?#@\\\"'<>]+([/?#][^\x00-\x20\x7f\\\"'<>]*)?$"
    ),
]

Description = Annotated[str, StringConstraints(max_length=20_000), Multiline]
UnitBody = Annotated[str, StringConstraints(max_length=200_000), Multiline]
Instructions = Annotated[str, StringConstraints(min_length=1, max_length=200_000), Multiline]
Prompt = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=10_000), Multiline]
OptionText = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2_000), Multiline]
Explanation = Annotated[str, StringConstraints(max_length=10_000), Multiline]
ShortAnswer = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500), SingleLine]
Reference = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2_000), Multiline]
CriterionTitle = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300), SingleLine]
LooksFor = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500), SingleLine]
ReviewBody = Annotated[str, StringConstraints(strip_whitespace=True, max_length=5_000), Multiline]
