"""A table of passages as texts with headings, one for each outermost section: what a course is drafted from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jobs.framework.rows import Row
from jobs.reading.places import chapter_number, headings, number_of

_UNTITLED = "Passages"
_DEEPEST = 6  # heading of Markdown


@dataclass(frozen=True, slots=True)
class Chapter:
    """A text in Markdown below a single heading, its title."""

    title: str
    body: str


def outermost(passages: Sequence[Row]) -> list[Chapter]:
    """The chapters of a book, in the order in which they begin: of passages with `heading`, by the first of its parts;
    where that is numbered as in 3.2, by its chapter's number, 3."""
    paths = [headings(row["heading"]) for row in passages]
    titles = {number: path[0] for path in reversed(paths) if path and (number := number_of(path[0]))}
    chapters: dict[str, list[tuple[list[str], str]]] = {}
    for path, row in zip(paths, passages, strict=True):
        title, below = _chapter(path, titles)
        chapters.setdefault(title, []).append((below, row["text"]))
    return [Chapter(title, _markdown(title, parts)) for title, parts in chapters.items()]


def _chapter(path: list[str], titles: dict[str, str]) -> tuple[str, list[str]]:
    """The title of the chapter, and the headings below it."""
    if not path:
        return _UNTITLED, []
    number = chapter_number(path[0])
    if number is None:
        return path[0], path[1:]
    return titles.get(number) or (f"Chapter {number}" if number.isdigit() else number.capitalize()), path


def _markdown(title: str, parts: Sequence[tuple[list[str], str]]) -> str:
    lines, before = [f"# {title}"], list[str]()
    for path, text in parts:
        same = next((at for at, pair in enumerate(zip(path, before, strict=False)) if pair[0] != pair[1]), None)
        shared = min(len(path), len(before)) if same is None else same
        lines += [f"{'#' * min(level + 2, _DEEPEST)} {path[level]}" for level in range(shared, len(path))]
        lines.append(text)
        before = path
    return "\n\n".join(lines)
