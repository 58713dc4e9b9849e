"""What cells of tables hold beside plain texts: lists, yes or no, and ids that two tables write in two ways."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping, Set
from typing import Any

import orjson

from jobs.framework.errors import UnusableData
from jobs.framework.tables import MISSING, as_text

_YES = ("1", "1.0", "true", "t", "yes", "y")
_NO = ("0", "0.0", "false", "f", "no", "n")
_MISSING = {text.casefold() for text in MISSING}
_WHOLE = re.compile(r"(\d+)\.0+")
# A list as Python and pandas write it, or with spaces alone between what it holds, as NumPy does.
_ESCAPE = r"""\\(?:['"\\nrt]|x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8})"""
_LITERAL = rf"""'(?:[^'\\\n]|{_ESCAPE})*'|"(?:[^"\\\n]|{_ESCAPE})*"|-?\d+(?:\.\d*)?(?:e[+-]?\d+)?"""
_LITERALS = re.compile(rf"\[[\s,]*(?:(?:{_LITERAL})[\s,]+)*(?:{_LITERAL})?\]")
_EACH = re.compile(_LITERAL)


def listed(value: str | list[Any], where: str) -> list[str]:
    """The texts of a cell, without empty ones: of a list, in JSON or as Python writes one of texts and numbers; of
    objects, their `text`; else the text itself. Raises `UnusableData`, which says `where`."""
    many = value if isinstance(value, list) else _read(value)
    return [text for one in many if (text := _text(one, where))]


def unlisted(texts: Iterable[str], what: str) -> Iterator[str]:
    """What to know of texts of `listed` that look like lists and could not be read as such."""
    odd = [text for text in texts if _looks_listed(text)]
    if odd:
        yield f"{len(odd):,} {what} look like lists and cannot be read as such; they count as they are: {odd[0][:80]}"


def is_missing(text: str) -> bool:
    """Whether a text stands for nothing."""
    return text.casefold() in _MISSING


def yes_or_no(value: Any, where: str) -> bool | None:
    """What a cell says in numbers or words; None where it is empty. Raises `UnusableData`, which says `where`."""
    text = as_text(value)
    word = text.casefold()
    if word in _YES or word in _NO:
        return word in _YES
    if is_missing(text):
        return None
    raise UnusableData(f"{where} must be 1 or 0, true or false, yes or no, and is {text!r}.")


def as_known(ids: Iterable[str], known: Set[str]) -> dict[str, str]:
    """Of ids that are not known as they are written those that are as whole numbers, with the one that is known: 101
    for 101.0, as whole numbers are written where others of their column were missing."""
    wholes = {_whole(one): one for one in known}
    return {one: wholes[_whole(one)] for one in dict.fromkeys(ids) if one not in known and _whole(one) in wholes}


def rewritten(found: Mapping[str, str], what: str, others: str) -> Iterator[str]:
    """What to know of ids that `as_known` found."""
    if found:
        one, other = next(iter(found.items()))
        yield (
            f"{len(found):,} values of {what} are written otherwise than in {others}, and were matched: {one} with "
            f"{other}."
        )


def _read(text: str) -> list[Any]:
    if not _looks_listed(text):
        return [text]
    try:
        found: list[Any] = orjson.loads(text)
    except orjson.JSONDecodeError:
        return _literals(text) or [text]
    return found


def _literals(text: str) -> list[Any]:
    """What a list in Python holds; nothing where it is none of texts and numbers."""
    try:
        return [ast.literal_eval(one) for one in _EACH.findall(text)] if _LITERALS.fullmatch(text) else []
    except (ValueError, SyntaxError):  # as of 007
        return []


def _looks_listed(text: str) -> bool:
    return text.startswith("[") and text.endswith("]")


def _text(one: Any, where: str) -> str:
    value = one.get("text", one) if isinstance(one, dict) else one
    if isinstance(value, dict | list):
        raise UnusableData(f"{where} holds {str(one)[:80]}, which is neither a text nor an object with `text`.")
    return as_text(value)


def _whole(text: str) -> str:
    found = _WHOLE.fullmatch(text)
    return found[1] if found else text
