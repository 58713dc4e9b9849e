"""Markdown as the blocks of text that a reader sees: sections of paragraphs, items, rows and lines of code."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from markdown_it import MarkdownIt
from markdown_it.token import Token

from learning.retrieval.sentences import sentences

_markdown = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
# What a line of code begins with, as in Markdown.
CODE = "    "
_HEADING_CHARACTERS = 200
_BREAKS = {"softbreak": " ", "hardbreak": " "}


@dataclass(frozen=True, slots=True)
class Piece:
    """The smallest part that is not cut unless it is too long by itself; `join` is what separates it from the last."""

    text: str
    join: Literal[" ", "\n"]


@dataclass(frozen=True, slots=True)
class Section:
    """What stands below a heading; `headings` leads to it from the outermost, and is empty before the first."""

    headings: tuple[str, ...]
    pieces: tuple[Piece, ...]


def sections(markdown: str) -> list[Section]:
    """The sections of a text in their order, each with what stands in it.

    A heading with nothing below it, not even another heading, gives a section without pieces: no word is lost. A line
    too long to lead anywhere is text, whatever its mark says.
    """
    found: list[Section] = []
    stack: list[tuple[int, str]] = []
    pieces: list[Piece] = []
    tokens = _markdown.parse(markdown)
    for index, token in enumerate(tokens):
        if token.type == "heading_open" and len(heading := _plain(tokens[index + 1])) <= _HEADING_CHARACTERS:
            level = int(token.tag[1])
            if pieces or (stack and level <= stack[-1][0]):
                found.append(_section(stack, pieces))
            stack = [*(entry for entry in stack if entry[0] < level), (level, heading)]
            pieces = []
        else:
            pieces += _pieces(tokens, index)
    if pieces or stack:
        found.append(_section(stack, pieces))
    return found


def _section(stack: Sequence[tuple[int, str]], pieces: Sequence[Piece]) -> Section:
    return Section(tuple(heading for _, heading in stack if heading), tuple(pieces))


def _pieces(tokens: Sequence[Token], index: int) -> Iterator[Piece]:
    token = tokens[index]
    if token.type in ("fence", "code_block"):
        yield from (Piece(CODE + line.rstrip(), "\n") for line in token.content.splitlines() if line.strip())
    elif token.type == "table_open":
        yield from (Piece(row, "\n") for row in _rows(tokens, index))
    elif token.type == "inline" and _is_text(tokens[index - 1], token):
        for number, sentence in enumerate(sentences(_plain(token))):
            yield Piece(sentence, " " if number else "\n")


def _is_text(opening: Token, inline: Token) -> bool:
    if opening.type == "heading_open":
        return len(_plain(inline)) > _HEADING_CHARACTERS
    return bool(opening.type == "paragraph_open")


def _rows(tokens: Sequence[Token], index: int) -> Iterator[str]:
    """A line for each row of the table, each cell after the heading of its column."""
    rows: list[list[str]] = []
    for token, after in zip(tokens[index:], tokens[index + 1 :], strict=False):
        if token.type == "table_close":
            break
        if token.type == "tr_open":
            rows.append([])
        elif token.type in ("th_open", "td_open"):
            rows[-1].append(_plain(after))
    header, *body = rows
    if any(not any(column) for column in zip(*body, strict=True)) or not body:
        yield "; ".join(filter(None, header))  # there is something that no row would mention
    for row in body:
        yield "; ".join(
            f"{column}: {value}" if column else value for column, value in zip(header, row, strict=True) if value
        )


def _plain(inline: Token) -> str:
    """What a reader sees of a line, without marks of emphasis and addresses of links."""
    parts = [_BREAKS.get(child.type, child.content) for child in inline.children or ()]
    return " ".join("".join(parts).split())
