"""What kinds of personal data are told apart, and how a find is reported."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """A kind of personal data. The value is the name inside a redaction token."""

    PERSON = "PERSON"
    ADDRESS = "ADDRESS"
    PHONE = "PHONE"
    EMAIL = "EMAIL"
    ID = "ID"  # passport, licence, insurance, tax and matriculation numbers
    DATE_OF_BIRTH = "BIRTHDATE"
    CARD = "CARD"
    IBAN = "IBAN"
    URL = "URL"
    IP = "IP"
    HANDLE = "HANDLE"  # a name on a social network
    ORGANISATION = "ORGANISATION"
    LOCATION = "LOCATION"
    OCCUPATION = "OCCUPATION"
    DATE = "DATE"


DIRECT = frozenset(Kind) - {Kind.ORGANISATION, Kind.LOCATION, Kind.OCCUPATION, Kind.DATE, Kind.URL}
"""Kinds that point at somebody by themselves; the others do so beside one of these."""


@dataclass(frozen=True, order=True)
class Span:
    """`text[start:end]` is personal data of this kind; `score` is between 0 and 1."""

    start: int
    end: int
    kind: Kind
    score: float

    def shifted(self, by: int) -> Span:
        """The same find in a text that this one's text is part of."""
        return Span(self.start + by, self.end + by, self.kind, self.score)

    def overlaps(self, other: Span) -> bool:
        return self.start < other.end and other.start < self.end


def disjoint(spans: Iterable[Span]) -> list[Span]:
    """Spans without overlaps, in order: of two that overlap the surer stays, of equally sure ones the longer."""
    kept: list[Span] = []
    for span in sorted(spans, key=lambda span: (-span.score, span.start - span.end, span.start)):
        if not any(span.overlaps(other) for other in kept):
            kept.append(span)
    return sorted(kept)
