"""Texts with marked spans: the public ones, and those made from templates."""

from __future__ import annotations

import gzip
import json
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.personal_data.values import Values
from learning.privacy.gazetteer import Gazetteer

_HERE = Path(__file__).parent
_PLACEHOLDER = re.compile(r"\{([a-z]+)\d?\}")
_SLOT = re.compile(r"<([a-zA-Z])>")
_PUBLIC_KINDS = {
    "PERSON": "PERSON", "PREFIX": "PERSON", "ADDRESS": "ADDRESS", "LOCATION": "LOCATION",
    "ORGANIZATION": "ORGANISATION",
    "TITLE": "OCCUPATION", "PHONE_NUMBER": "PHONE", "DATE_TIME": "DATE", "US_SSN": "ID", "US_DRIVER_LICENSE": "ID",
    "EMAIL_ADDRESS": "EMAIL", "CREDIT_CARD": "CARD", "IBAN_CODE": "IBAN", "DOMAIN_NAME": "URL", "IP_ADDRESS": "IP",
}  # fmt: skip


@dataclass(frozen=True)
class Marked:
    """A text; `spans`: start, end, kind. `template`: the text with kinds in the place of values."""

    text: str
    spans: tuple[tuple[int, int, str], ...]
    template: str = ""

    def values(self) -> set[str]:
        return {self.text[start:end].casefold() for start, end, _ in self.spans}

    def lowered(self) -> Marked:
        """In small letters, where that keeps positions."""
        small = self.text.lower()
        return Marked(small, self.spans, self.template) if len(small) == len(self.text) else self


def public(path: Path) -> list[Marked]:
    """The sentences of presidio-research (MIT) as they lie in the folder of data."""
    with gzip.open(path, "rt", encoding="utf-8") as lines_of_file:
        return [_public(json.loads(line)) for line in lines_of_file]


def _public(row: dict[str, Any]) -> Marked:
    text = str(row["text"])
    spans = tuple(sorted((span["start"], span["end"], _PUBLIC_KINDS[span["type"]]) for span in row["spans"]))
    return Marked(text, spans, template_of(text, spans))


def template_of(text: str, spans: Sequence[tuple[int, int, str]]) -> str:
    out, at = [], 0
    for start, end, kind in spans:
        out += [text[at:start], f"{{{kind}}}"]
        at = end
    return "".join([*out, text[at:]]).lower()


def lines(name: str) -> list[str]:
    """The lines of a file of this folder."""
    found = (_HERE / name).read_text(encoding="utf-8").splitlines()
    return [line.replace("\\n", "\n") for line in found if line and not line.startswith("# ")]


def made(seed: int, rounds: int) -> Iterator[Marked]:
    """Every template filled `rounds` times, and the ordinary sentences."""
    values = Values(seed)
    for _ in range(rounds):
        for template in lines("templates.txt"):
            marked = _fill(template, values)
            yield marked.lowered() if values.random.random() < 0.12 else marked
    for _ in range(max(1, rounds // 6)):
        for sentence in lines("ordinary.txt"):
            yield Marked(sentence, ())
            yield Marked(sentence, ()).lowered()


def misleading(seed: int, count: int) -> Iterator[Marked]:
    """Headings, labels, numbers, code and tables made of common words: capitals and digits that are nobody's."""
    chance, gazetteer = random.Random(seed), Gazetteer.load()
    plain = [
        word for word, rank in gazetteer.ranks.items() if rank > 1_500 and len(word) > 3 and not gazetteer.entry(word)
    ]
    forms = lines("misleading.txt")
    for _ in range(count):
        text = _SLOT.sub(lambda match: _misleading(match[1], chance, plain), chance.choice(forms))
        yield Marked(text, ())


def _misleading(slot: str, chance: random.Random, plain: Sequence[str]) -> str:
    if slot == "n":
        return str(chance.randrange(chance.choice((10, 100, 1_000, 100_000))))
    if slot == "d":
        return f"{chance.random() * chance.choice((1, 10, 1_000)):.{chance.randrange(1, 4)}f}"
    if slot == "l":
        return chance.choice("ABCDEFGHXYZ")
    word = chance.choice(plain)
    return {"W": word.capitalize(), "U": word.upper()}.get(slot, word)


def _fill(template: str, values: Values) -> Marked:
    out: list[str] = []
    spans: list[tuple[int, int, str]] = []
    at = length = 0
    for match in _PLACEHOLDER.finditer(template):
        value, kind = values.of(match[1])
        out += [template[at : match.start()], value]
        length += match.start() - at + len(value)
        if kind:
            spans.append((length - len(value), length, kind))
        at = match.end()
    return Marked("".join([*out, template[at:]]), tuple(spans), template)


def groups(marked: Sequence[Marked], *, alike: float = 0.5) -> list[int]:
    """A number for each text such that texts whose templates share half of their words have the same one."""
    kinds: list[tuple[frozenset[str], int]] = []
    of: dict[str, int] = {}
    for each in marked:
        if each.template not in of:
            words = frozenset(re.findall(r"\{\w+\}|\w+", each.template))
            near = next((number for other, number in kinds if len(words & other) >= alike * len(words | other)), None)
            of[each.template] = len(kinds) if near is None else near
            kinds.append((words, of[each.template]))
    return [of[each.template] for each in marked]
