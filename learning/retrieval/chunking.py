"""Cutting the units of a course into passages that are found, shown and cited by themselves.

A passage belongs to one section, ends where a sentence, an item, a row or a line ends, and begins with the last of
the passage before, so that what is said across a border is in one piece somewhere. Of a quiz only the questions are
taken: what is right, the explanations, and the options, most of which are made to be wrong, are in no passage.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Literal

from learning.retrieval.blocks import Piece, Section, sections

# Changes whenever the same unit would be cut into other passages: then what is indexed is cut anew.
RECIPE = 1

Kind = Literal["text", "assignment", "question"]

# About 170 words of English, which with their heading are what the sentence model reads.
TARGET_CHARACTERS = 1_000
MAXIMUM_CHARACTERS = 1_400
OVERLAP_CHARACTERS = 200
PATH = " \N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK} "


@dataclass(frozen=True, slots=True)
class Passage:
    """A part of a unit. `heading` leads to it: module, unit, sections."""

    kind: Kind
    heading: str
    text: str

    @property
    def digest(self) -> bytes:
        """Equal for passages that are found alike: 32 bytes over heading and text."""
        return sha256(f"{self.heading}\0{self.text}".encode()).digest()


def passages(unit: Mapping[str, Any], module_title: str) -> list[Passage]:
    """The passages of a unit as a course version keeps it (`kind`, `title`, `body`, `quiz`, `assignment`), in order.

    What is taken is named here, so that no new kind of key can slip through.
    """
    path = (module_title, unit["title"])
    found = list(_cut("text", path, unit["body"]))
    if unit["assignment"] is not None:
        found += _cut("assignment", path, unit["assignment"]["instructions"])
    if unit["quiz"] is not None:
        prompts = [question["prompt"] for question in unit["quiz"]["questions"]]
        found += [passage for prompt in prompts for passage in _cut("question", path, prompt)]
    return found


def _cut(kind: Kind, path: Sequence[str], markdown: str) -> Iterator[Passage]:
    for section in sections(markdown):
        heading = PATH.join(filter(None, (*path, *section.headings)))
        for text in _texts(section):
            yield Passage(kind, heading, text)


def _texts(section: Section) -> Iterator[str]:
    pieces = [part for piece in section.pieces for part in _bounded(piece)]
    if not pieces and section.headings:
        yield section.headings[-1]
    group: list[Piece] = []
    fresh = 0  # how many of the group are not the end of the one before
    for piece in pieces:
        size = _size(group) + len(piece.text) + 1
        if fresh and size > TARGET_CHARACTERS:
            yield _joined(group)
            group, fresh = _tail(group, MAXIMUM_CHARACTERS - len(piece.text) - 1), 0
        group.append(piece)
        fresh += 1
    if fresh:
        yield _joined(group)


def _bounded(piece: Piece) -> Iterator[Piece]:
    """The piece in parts of which none is too long, cut between words where it has some."""
    text, join = piece.text, piece.join
    while len(text) > TARGET_CHARACTERS:
        space = text.rfind(" ", TARGET_CHARACTERS // 2, TARGET_CHARACTERS)
        cut = space if space > 0 else TARGET_CHARACTERS
        yield Piece(text[:cut], join)
        text, join = text[cut:].lstrip(), " "
    if text:
        yield Piece(text, join)


def _tail(group: Sequence[Piece], room: int) -> list[Piece]:
    """The last pieces, as far as they make a good overlap and there is room for them; never all."""
    room = min(room, OVERLAP_CHARACTERS)
    tail: list[Piece] = []
    for piece in reversed(group[1:]):
        room -= len(piece.text) + 1
        if room < 0:
            break
        tail.insert(0, piece)
    return tail


def _size(group: Sequence[Piece]) -> int:
    return sum(len(piece.text) + 1 for piece in group)


def _joined(group: Sequence[Piece]) -> str:
    return group[0].text + "".join(piece.join + piece.text for piece in group[1:])
