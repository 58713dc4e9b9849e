"""Words: their stems, how much they say, negations and opposites. English."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

import snowballstemmer

_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?|\d+(?:\.\d+)?")
_stemmer: Final = snowballstemmer.stemmer("english")


def words_of(text: str) -> frozenset[str]:
    return frozenset(text.split())


NEGATIONS: Final = words_of(
    "not no never none nothing without cannot cant dont doesnt didnt wont isnt arent wasnt werent hasnt havent couldnt "
    "wouldnt shouldnt neither nor nobody"
)
STOP_WORDS: Final = words_of(
    "a an the is are was were be been being of to in on at for and or that this it its they them their there he she "
    "his her you your i we our as by with from will would can could do does did has have had so if then than because "
    "when which what who how why these those not no"
)
_OPPOSITES: Final = """
more/less more/fewer higher/lower high/low faster/slower fast/slow quick/slow increase/decrease rise/fall longer/shorter
long/short heavier/lighter heavy/light hot/cold hotter/colder warmer/cooler warm/cool bigger/smaller big/small
larger/smaller large/small open/closed open/close positive/negative same/different up/down dark/light darker/lighter
on/off tighter/looser tight/loose thick/thin thicker/thinner hard/soft harder/softer connected/disconnected
connected/separated first/last before/after inside/outside conductor/insulator series/parallel float/sink add/remove
gain/lose wet/dry all/none always/never most/least strong/weak stronger/weaker complete/incomplete deep/shallow
deeper/shallower near/far push/pull attract/repel uphill/downhill old/new solid/liquid taller/shorter loud/soft
loud/quiet right/left full/empty true/false both/neither yes/no one/two everything/nothing rough/smooth sharp/blunt
begin/end start/stop accept/reject active/passive acid/base alive/dead expand/contract absorb/reflect import/export
maximum/minimum internal/external simple/complex dominant/recessive
"""


def words(text: str) -> list[str]:
    """Words and numbers in small letters, without apostrophes."""
    return [
        word.replace("'", "") for word in _WORD.findall(text.lower().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'"))
    ]


@lru_cache(65_536)
def stem(word: str) -> str:
    """What is left of a word without its ending (Porter's second English stemmer)."""
    found: str = _stemmer.stemWord(word)
    return found


def _opposites() -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for pair in _OPPOSITES.split():
        one, other = map(stem, pair.split("/"))
        found.setdefault(one, set()).add(other)
        found.setdefault(other, set()).add(one)
    return {word: frozenset(others) for word, others in found.items()}


OPPOSITES: Final = _opposites()


def opposites_between(stems: Iterable[str], others: frozenset[str]) -> int:
    """How many of the stems have their opposite among the others."""
    return sum(1 for one in stems if not others.isdisjoint(OPPOSITES.get(one, ())))


def piece_weight(piece: int) -> float:
    """How much a word piece says, from how rare it is: BERT's vocabulary is in the order of frequency, from piece
    1,996 ("the") on, so the logarithm of the rank stands in for an inverse document frequency of no corpus at all."""
    return math.log1p(max(piece - 1_995, 0)) if piece >= 1_995 else 1.0
