"""Lists of given names, family names and places, and how common a word is."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from learning.privacy.words import folded

_RANKS = (1_500, 3_000, 6_000, 12_000, 40_000)


@dataclass(frozen=True)
class Gazetteer:
    """`lists`: a folded word to the letters of the lists it is in (g given name, f family name, c city, p word of a
    place's name, n country or state); `ranks`: a folded English word to its rank by frequency.
    """

    lists: Mapping[str, str]
    ranks: Mapping[str, int]

    @classmethod
    @cache
    def load(cls) -> Gazetteer:
        """The lists that come with the package: 5 MB of memory. Reads files."""
        packed = (files("learning.privacy") / "model" / "gazetteer.txt.gz").read_bytes()
        lists = dict(line.split("\t") for line in gzip.decompress(packed).decode().splitlines())
        vocabulary = (files("learning.embedding") / "vocabulary.txt").read_text(encoding="utf-8").splitlines()
        ranks = {word: rank for rank, word in enumerate(vocabulary) if word.isalpha()}
        return cls(lists, ranks)

    def entry(self, word: str) -> str:
        """The letters of the lists that a word is in, perhaps none."""
        return self.lists.get(folded(word), "")

    def commonness(self, word: str) -> int:
        """From 0 for the most common English words to 5 for those that are rare or none."""
        rank = self.ranks.get(folded(word))
        if rank is None:
            return len(_RANKS)
        return next((step for step, limit in enumerate(_RANKS) if rank < limit), len(_RANKS))
