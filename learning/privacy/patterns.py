"""Personal data that has a form: what a pattern finds and a check digit or a word beside it confirms.

Every pattern is linear in the length of the text: quantifiers are bounded and do not nest.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from learning.privacy.kinds import Kind, Span, disjoint
from learning.privacy.numbers import is_card, is_iban, national_id

_CUE_WINDOW = 48
"""How far before a find, in characters, a word may stand that says what it is."""

_CUES: dict[Kind, re.Pattern[str]] = {
    Kind.PHONE: re.compile(
        r"\b(?:phone|tel(?:ephone|[eé]fono|efone|efon|\.)?|mobile|cell|call(?:ed|ing)?|fax|whats\s?app|text(?:ed)?|ring|"
        r"reach|dial|sms|handy|m[oó]vil|cellulare|portable|answering|contact|office|hotline|number\s+is)\b",
        re.IGNORECASE,
    ),
    Kind.ID: re.compile(
        r"\b(?:ssn|social\s+security|passport|licen[cs]e|licen[cs]e\s+(?:number|no)|national\s+insurance|nino|"
        r"matriculation|matrikelnummer|student\s+(?:id|number|no)|enrolment\s+(?:id|number|no)|employee\s+(?:id|number)|"
        r"tax\s+(?:id|number)|steuer-?id|identity\s+(?:card|number)|id\s+(?:card|number|no)|personnummer|nhs\s+number|"
        r"reisepass(?:nummer)?|ausweis(?:nummer)?|pasaporte|dni|nie|passeport|pesel|bsn|cpf|aadhaar|"
        r"insurance\s+(?:number|no)|patient\s+(?:id|number)|account\s+(?:number|no)|member(?:ship)?\s+(?:id|number|no))\b",
        re.IGNORECASE,
    ),
    Kind.DATE_OF_BIRTH: re.compile(
        r"\b(?:born|birth(?:day|date)?|d\.?o\.?b|geboren|geburtsdatum|geb|n[ée]e?|naissance|nacid[oa]|nacimiento|"
        r"nato|nata|nascita|nascido|nascida|nascimento|f[oö]dd|geboortedatum)\b",
        re.IGNORECASE,
    ),
    Kind.CARD: re.compile(r"\b(?:card|visa|mastercard|amex|cc|karte|tarjeta|carte)\b", re.IGNORECASE),
}

_EMAIL = re.compile(r"(?<![\w.+-])[^\W_][\w.+'-]{0,63}@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.){1,8}[^\W\d_]{2,24}(?![\w-])")
_URL = re.compile(
    r"\b(?:https?|ftp)://[^\s<>\"'`\])}]{1,2000}|\bwww\.[^\W_][\w.-]{1,250}\.[a-z]{2,24}\b(?:/[^\s<>\"'`\])}]{0,2000})?",
    re.IGNORECASE,
)
_IPV4 = re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.]*\d)")
_IPV6 = re.compile(r"(?<![\w:.])(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}(?![\w:])", re.IGNORECASE)
_CARD = re.compile(r"(?<![\w.-])\d(?:[ -]?\d){12,18}(?![\w-]|\.\d)")
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b", re.IGNORECASE)
_SSN = re.compile(r"(?<![\w-])\d{3}-\d{2}-\d{4}(?![\w-])")
_NATIONAL_INSURANCE = re.compile(
    r"(?<![\w-])[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d\d ?\d\d ?\d\d ?[A-D](?![\w-])", re.IGNORECASE
)
_VERSION = re.compile(r"(?:version|release|v)\.?\s{0,2}$", re.IGNORECASE)
_HANDLE = re.compile(r"(?<![\w@./])@[A-Za-z_][\w.]{2,29}(?!@)\b")
_CODE = re.compile(r"(?<![\w@./-])(?=[A-Z0-9-]{0,14}\d)[A-Z0-9](?:-?[A-Z0-9]){5,17}(?![\w@/-])", re.IGNORECASE)
_GROUPED = re.compile(r"(?<![\w.,/-])\d(?:[ ./-]?\d){6,16}[A-Z]?(?![\w/-]|[.,]\d)", re.IGNORECASE)
_PHONE = re.compile(
    r"(?<![\w.,/:-])(?:\+\d{1,3}|\(\+?\d{1,5}\)|00\d{1,3}|\d{1,6})"
    r"(?:[ ./-]{0,2}\(?\d{1,6}\)?){1,6}(?:\s{0,2}(?:x|ext\.?)\s?\d{1,6})?(?![\w/-]|[.,:]\d|\s?%)",
    re.IGNORECASE,
)
_MONTH = (
    r"(?:jan(?:uar[yi]?|vier)?|feb(?:ruar[yi]?)?|f[ée]vrier|m[aä]r(?:ch|z|s|zo)?|apr(?:il)?|avril|ma[iy]o?|jun[ei]?|juin|"
    r"jul[yi]?|juillet|aug(?:ust)?|ao[uû]t|sept?(?:ember)?|o[ck]t(?:ober)?|nov(?:ember)?|de[cz](?:ember)?|"
    r"enero|febrero|abril|junio|julio|agosto|septiembre|octubre|noviembre|diciembre)"
)
_DATE = re.compile(
    r"(?<![\w./-])(?:"
    r"\d{4}-\d{2}-\d{2}(?:[ T]\d{2}:\d{2}(?::\d{2})?)?|\d{1,2}/\d{1,2}/(?:\d{4}|\d{2})|\d{1,2}\.\s?\d{1,2}\.\s?\d{4}|"
    r"\d{1,2}-\d{1,2}-\d{4}|\d{4}/\d{1,2}/\d{1,2}|"
    rf"\d{{1,2}}(?:st|nd|rd|th|\.)?\s(?:de\s|of\s)?{_MONTH}\.?,?\s(?:de\s)?\d{{4}}|{_MONTH}\.?\s\d{{1,2}}(?:st|nd|rd|th)?,?\s\d{{4}}"
    r")(?![\w/-]|\.\d)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class _Around:
    """What stands before a find."""

    text: str
    start: int

    def says(self, kind: Kind) -> bool:
        return _CUES[kind].search(self.text, max(0, self.start - _CUE_WINDOW), self.start) is not None


def matches(text: str) -> list[Span]:
    """What has the form of personal data, without overlaps, in order."""
    return disjoint(span for finder in _FINDERS for span in finder(text))


def _simple(pattern: re.Pattern[str], kind: Kind, score: float) -> Callable[[str], Iterator[Span]]:
    def find(text: str) -> Iterator[Span]:
        for match in pattern.finditer(text):
            yield Span(match.start(), match.end(), kind, score)

    return find


def _urls(text: str) -> Iterator[Span]:
    for match in _URL.finditer(text):
        yield Span(match.start(), match.start() + len(match[0].rstrip(".,;:!?")), Kind.URL, 0.95)


def _addresses_of_machines(text: str) -> Iterator[Span]:
    for pattern in (_IPV4, _IPV6):
        for match in pattern.finditer(text):
            try:
                found = ipaddress.ip_address(match[0])
            except ValueError:
                continue
            # b::c is an address by its form, and a slice, or a name in C++, by all likelihood.
            unlikely = found.version == 6 and sum(map(str.isdecimal, match[0])) < 3
            if not (
                unlikely
                or found.is_loopback
                or found.is_unspecified
                or _VERSION.search(text[max(0, match.start() - 12) : match.start()])
            ):
                yield Span(match.start(), match.end(), Kind.IP, 0.9)


def _cards(text: str) -> Iterator[Span]:
    for match in _CARD.finditer(text):
        if is_card(match[0]):
            yield Span(match.start(), match.end(), Kind.CARD, 0.99)
        elif _Around(text, match.start()).says(Kind.CARD):
            yield Span(match.start(), match.end(), Kind.CARD, 0.8)


def _ibans(text: str) -> Iterator[Span]:
    for match in _IBAN.finditer(text):
        # Words after it look like more of it: the longest beginning that is right is taken.
        parts = match[0].split(" ")
        for count in range(len(parts), 0, -1):
            candidate = " ".join(parts[:count])
            if is_iban(candidate):
                yield Span(match.start(), match.start() + len(candidate), Kind.IBAN, 0.99)
                break


def _ids(text: str) -> Iterator[Span]:
    for pattern in (_SSN, _NATIONAL_INSURANCE):
        for match in pattern.finditer(text):
            yield Span(match.start(), match.end(), Kind.ID, 0.9)
    for pattern in (_CODE, _GROUPED):
        for match in pattern.finditer(text):
            if _Around(text, match.start()).says(Kind.ID):
                yield Span(match.start(), match.end(), Kind.ID, 0.85)
            elif national_id(match[0]):
                yield Span(match.start(), match.end(), Kind.ID, 0.75)


def _dates(text: str) -> Iterator[Span]:
    for match in _DATE.finditer(text):
        born = _Around(text, match.start()).says(Kind.DATE_OF_BIRTH)
        yield Span(match.start(), match.end(), Kind.DATE_OF_BIRTH if born else Kind.DATE, 0.95 if born else 0.7)


def _phones(text: str) -> Iterator[Span]:
    for match in _PHONE.finditer(text):
        digits = sum(map(str.isdecimal, match[0]))
        if not 6 <= digits <= 19 or match[0].count("(") != match[0].count(")"):
            continue
        if (score := _phone_score(text, match, digits)) is not None:
            yield Span(match.start(), match.end(), Kind.PHONE, score)


def _phone_score(text: str, match: re.Match[str], digits: int) -> float | None:
    number = match[0]
    if number.startswith(("+", "00")) and digits >= 8:
        return 0.9
    if _Around(text, match.start()).says(Kind.PHONE):
        return 0.85
    # Written as telephone numbers are: an area code in brackets, an extension, a nought and groups.
    if re.match(r"\(\d{2,5}\)", number) or re.search(r"(?:x|ext\.?)\s?\d+$", number):
        return 0.8
    if re.fullmatch(r"\d{3}([.-])\d{3}\1\d{4}|0\d{1,4}[ /-]\d{3,8}(?:[ -]\d{2,6}){0,3}", number):
        return 0.75
    return None


_FINDERS: tuple[Callable[[str], Iterator[Span]], ...] = (
    _simple(_EMAIL, Kind.EMAIL, 0.99),
    _urls,
    _addresses_of_machines,
    _cards,
    _ibans,
    _ids,
    _dates,
    _phones,
    _simple(_HANDLE, Kind.HANDLE, 0.6),
)
