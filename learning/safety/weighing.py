"""How likely a piece of text gives orders to a model, by its words and by the signs that the rules see in it.

A logistic regression over words, neighbours, and words with one between, cut to six letters. The rules alone take many
an exercise for an attack ("Your answer must contain ..."); words beside a sign tell the two apart, and tell of some
attacks that no rule knows. Trained on texts of our own; docs/SAFETY.md says how well it does on others.
"""

from __future__ import annotations

import gzip
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import orjson

FILE = Path(__file__).parent / "model" / "orders.json.gz"

_WORD = re.compile(r"[^\W\d_]+(?:['\N{RIGHT SINGLE QUOTATION MARK}][^\W\d_]+)?|\d+|[?!:<>{}\[\]#*=\"]")
_SENTENCE = re.compile(r"[^.!?\n]*[.!?\n]*")
_CUT = 6
_START = "^"
SIGN = "~"
"""What the names of signs begin with, and words never do."""


def sentences(text: str) -> list[tuple[int, int]]:
    """Where the sentences and lines of a text stand, without empty ones."""
    return [match.span() for match in _SENTENCE.finditer(text) if not match[0].isspace() and match[0]]


def words(text: str) -> set[str]:
    """What the model sees of a text's words."""
    found = [_START, *("0" if word[0].isdigit() else word.lower()[:_CUT] for word in _WORD.findall(text))]
    seen = set(found)
    seen.update(map(" ".join, pairwise(found)))
    seen.update(map(" _ ".join, zip(found, found[2:], strict=False)))
    return seen


def signs(families: Mapping[str, float], together: float) -> dict[str, float]:
    """What it sees of the rules' signs: the strongest of each family, and all together."""
    return {f"{SIGN}{family}": 2 * weight for family, weight in families.items()} | {SIGN: 2 * together}


@dataclass(frozen=True)
class Weights:
    """The coefficients. `threshold` is the sum that counts as even odds."""

    words: Mapping[str, float]
    signs: Mapping[str, float]
    threshold: float

    @classmethod
    def read(cls, file: Path = FILE) -> Weights:
        found = orjson.loads(gzip.decompress(file.read_bytes()))
        return cls(found["words"], found["signs"], found["threshold"])

    def known(self, text: str) -> set[str]:
        """Those of its words that weigh anything."""
        return words(text) & self.words.keys()

    def probability(self, known: Iterable[str], seen: Mapping[str, float]) -> float:
        """Of orders, from what was seen in one piece of text."""
        total = math.fsum(map(self.words.__getitem__, known)) - self.threshold
        total += math.fsum(self.signs.get(name, 0.0) * value for name, value in seen.items())
        return 1.0 / (1.0 + math.exp(-max(-50.0, min(50.0, total))))


@lru_cache(maxsize=1)
def weights() -> Weights:
    """Those that come with the project, read when they are first needed."""
    return Weights.read()


def windows(count: int) -> Iterator[tuple[int, ...]]:
    """Each sentence, and each with the next: an order is seldom longer, and nothing around it takes away from it."""
    for number in range(count):
        yield (number,)
        if number + 1 < count:
            yield number, number + 1
