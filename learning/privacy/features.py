"""What the tagger sees of each word: form, affixes, lists, and the same of its neighbours."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from learning.privacy.gazetteer import Gazetteer
from learning.privacy.kinds import Span
from learning.privacy.words import Word, folded, shape

_STREET = re.compile(
    r"(?:street|st|avenue|ave|road|rd|lane|ln|drive|dr|boulevard|blvd|court|ct|way|place|pl|terrace|crescent|close|square|sq|"
    r"parkway|pkwy|highway|hwy|row|hill|grove|gardens|mews|walk|circle|cir|trail|loop|alley|pike|quay|wharf|"
    r"rue|allee|chemin|impasse|quai|cours|route|passage|calle|avenida|avda|av|plaza|paseo|carretera|ctra|camino|carrer|ronda|"
    r"via|viale|piazza|piazzale|corso|vicolo|largo|strada|contrada|rua|travessa|praca|estrada|alameda|"
    r"strasse|str|weg|gasse|platz|ring|damm|ufer|chaussee|straat|laan|plein|gracht|kade|dreef|steenweg|dijk|singel|"
    r"gatan|gata|vagen|veien|vej|vegen|gade|gaten|katu|tie|ulica|ul|aleja|plac|osiedle|ulitsa|prospekt|bulvar|ulice|namesti|"
    r"utca|ut|ter|korut|rakpart|sokak|cadde|caddesi|mahallesi|odos|leoforos|jalan|jl|lorong|marg|nagar|dori|"
    r"улица|ул|проспект|пер|переулок|οδος|λεωφορος)"
)
_STREET_END = re.compile(
    r".{2,}(?:strasse|str|weg|gasse|platz|straat|laan|plein|gracht|kade|dreef|steenweg|dijk|singel|gatan|gata|vagen|veien|vej|"
    r"gade|gaten|katu|tie|allee|damm|ring|ufer|utca|vegen|stien|bakken|alle)"
)
_UNIT = re.compile(
    r"(?:apt|apartment|suite|ste|unit|flat|floor|fl|room|rm|box|po|psc|apo|fpo|dpo|building|bldg|block|lot|no|nr|bis|piso|"
    r"etage|stock|wohnung|appartement|interno|scala|esc|pta|zip|zipcode|postcode|postal|corner|plz)"
)
_COMPANY = re.compile(
    r"(?:inc|ltd|llc|llp|plc|corp|corporation|company|co|gmbh|ag|kg|ohg|se|sa|sas|sarl|srl|spa|bv|nv|ab|as|oy|aps|kft|sro|pty|"
    r"group|holdings|partners|associates|sons|bank|university|college|institute|academy|school|hospital|clinic|foundation|"
    r"society|association|department|ministry|agency|bureau|council|laboratories|labs|systems|technologies|solutions|"
    r"consulting|services|industries|international|records|media|universitat|universite|universidad|hochschule|verein|"
    r"gymnasium|lycee|escuela|scuola|insurance|airlines|motors|energy|pharmaceuticals|networks|software)"
)
_TITLE = re.compile(
    r"(?:mr|mrs|ms|miss|mx|dr|prof|professor|sir|madam|lady|lord|rev|herr|frau|hr|fr|monsieur|madame|mme|mlle|m|senor|"
    r"senora|sr|sra|srta|signor|signora|sig|dott|dhr|mevr|pan|pani|doctor|doktor|uncle|aunt|king|queen|president|captain)"
)
_OFFICE_STATES = re.compile(r"[A-Z]{2}")


def features(
    words: Sequence[Word],
    formed: Sequence[Span],
    gazetteer: Gazetteer,
    *,
    listed: Callable[[str], str] | None = None,
) -> list[list[str]]:
    """The features of each word. `formed`: what patterns have found; `listed` in training: lists with gaps, so that the
    tagger does not lean on them alone.
    """
    if not words:
        return []
    entry = listed or gazetteer.entry
    small = _all_small(words)
    own = [_own(word, gazetteer, entry(word.text), small) for word in words]
    forms = _forms(words, formed)
    return [_with_neighbours(place, words, own, forms) for place in range(len(words))]


def _all_small(words: Sequence[Word]) -> bool:
    """Whether the text has no capitals, so that their absence says nothing."""
    return not any(character.isupper() for word in words for character in word.text)


class _Own:
    """What a word is by itself."""

    __slots__ = ("common", "lists", "lower", "role", "shape")

    def __init__(self, lower: str, form: str, lists: str, role: str, common: int) -> None:
        self.lower, self.shape, self.lists, self.role, self.common = lower, form, lists, role, common


def _own(word: Word, gazetteer: Gazetteer, lists: str, small: bool) -> _Own:
    text = word.text
    if text[0] == "\n":
        return _Own("\n", "\n\n" if len(text) > 1 else "\n", "", "", 0)
    lower = folded(text)
    form = ("s:" if small else "") + shape(text)
    if text.isdigit():
        return _Own(f"#{min(len(text), 7)}", form, "", "", 0)
    return _Own(lower, form, lists or "-", _role(lower, text), gazetteer.commonness(text))


def _role(lower: str, text: str) -> str:
    if _STREET.fullmatch(lower):
        return "street"
    if _STREET_END.fullmatch(lower):
        return "streetend"
    if _UNIT.fullmatch(lower):
        return "unit"
    if _TITLE.fullmatch(lower):
        return "title"
    if _COMPANY.fullmatch(lower):
        return "company"
    return "state" if _OFFICE_STATES.fullmatch(text) else ""


def _forms(words: Sequence[Word], formed: Sequence[Span]) -> list[str]:
    out, left = [], list(formed)
    for word in words:
        while left and left[0].end <= word.start:
            left.pop(0)
        out.append(left[0].kind.value if left and left[0].start < word.end else "")
    return out


def _with_neighbours(place: int, words: Sequence[Word], own: Sequence[_Own], forms: Sequence[str]) -> list[str]:
    it, text = own[place], words[place].text
    out = [
        "1",
        f"w={it.lower}",
        f"s={it.shape}",
        f"l={it.lists}",
        f"c={it.common}",
        f"sc={it.shape[:4]}|{it.common}|{it.lists}",
    ]
    if it.role:
        out.append(f"r={it.role}")
    if forms[place]:
        out.append(f"f={forms[place]}")
    if text[0].isalpha():
        lower = it.lower
        out += [f"p{size}={lower[:size]}" for size in (1, 2, 3) if len(lower) > size]
        out += [f"e{size}={lower[-size:]}" for size in (1, 2, 3, 4) if len(lower) > size]
        if not text.isascii():
            out.append("na")
    for step in (-2, -1, 1, 2):
        out += _neighbour(place + step, step, own, forms)
    if place and place + 1 < len(own):
        out.append(f"-1w+1={own[place - 1].lower}|{own[place + 1].lower}")
    if place > 1:
        out.append(f"-2-1={own[place - 2].lower}|{own[place - 1].lower}")
    if place + 2 < len(own):
        out.append(f"+1+2={own[place + 1].lower}|{own[place + 2].lower}")
    if place:
        out += [f"-1s0={own[place - 1].shape[:3]}|{it.shape[:4]}", f"-1l0={own[place - 1].lists}|{it.lists}"]
        if words[place].start == words[place - 1].end:
            out.append("glued")
    return out + _surroundings(place, own)


def _neighbour(place: int, step: int, own: Sequence[_Own], forms: Sequence[str]) -> list[str]:
    if not 0 <= place < len(own):
        return [f"{step:+d}edge"]
    other = own[place]
    out = [f"{step:+d}w={other.lower}", f"{step:+d}s={other.shape[:4]}", f"{step:+d}c={other.common}"]
    if other.lists and other.lists != "-":
        out.append(f"{step:+d}l={other.lists}")
    if other.role:
        out.append(f"{step:+d}r={other.role}")
    if forms[place]:
        out.append(f"{step:+d}f={forms[place]}")
    return out


def _surroundings(place: int, own: Sequence[_Own]) -> list[str]:
    """What is near without being next: a street, a unit, a company, a title."""
    near = {word.role for word in own[max(0, place - 6) : place] if word.role}
    after = {word.role for word in own[place + 1 : place + 7] if word.role}
    return [f"b:{role}" for role in sorted(near)] + [f"a:{role}" for role in sorted(after)]
