"""Finding personal data: what patterns find and what a trained tagger finds, put together."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Protocol

from learning.privacy import patterns
from learning.privacy.kinds import DIRECT, Span, disjoint
from learning.privacy.segments import segments

_CORE = re.compile(r"\w(?:.*\w)?", re.DOTALL)


class Tagger(Protocol):
    """Finds personal data that has no form."""

    def tag(self, text: str) -> Sequence[Span]:
        """Spans in a text of a few sentences, without overlaps, in order."""
        ...


class PersonalDataDetector:
    """Finds personal data in texts. Safe to use from several threads.

    What is found in a segment of the text (a sentence, mostly) depends on it and on the segment before it, never on
    what follows: a text found in pieces has the same spans as the whole.
    """

    def __init__(self, tagger: Tagger | None = None, *, least_score: float = 0.0) -> None:
        self._tagger = tagger
        self._least_score = least_score

    @classmethod
    def load(cls) -> PersonalDataDetector:
        """With the tagger that comes with the package, read when the first text is looked at."""
        return cls(_Lazy())

    @classmethod
    def patterns_only(cls) -> PersonalDataDetector:
        """What has a form: numbers, addresses of mail and machines, dates. No names, no postal addresses."""
        return cls()

    def detect(self, text: str) -> tuple[Span, ...]:
        """Spans without overlaps, in order. Blocks for about a millisecond a sentence."""
        found: list[Span] = []
        before = 0
        for start, end in segments(text):
            found += self.detect_segment(text[before:start], text[start:end], offset=start)
            before = start
        return tuple(found)

    def detect_segment(self, context: str, segment: str, *, offset: int = 0) -> list[Span]:
        """Spans in a segment, given the segment before it; positions count from `offset`."""
        both, cut = context + segment, len(context)
        formed = patterns.matches(both)
        spans = formed if self._tagger is None else merge(both, formed, self._tagger.tag(both))
        return [
            Span(max(span.start, cut) - cut + offset, span.end - cut + offset, span.kind, span.score)
            for span in spans
            if span.end > cut and span.score >= self._least_score
        ]


class _Lazy:
    """The shipped tagger, loaded when it is first needed: half a second, 30 MB."""

    @cached_property
    def _tagger(self) -> Tagger:
        from learning.privacy.tagger import CrfTagger

        return CrfTagger.load()

    def tag(self, text: str) -> Sequence[Span]:
        return self._tagger.tag(text)


def merge(text: str, formed: Iterable[Span], tagged: Iterable[Span]) -> list[Span]:
    """Both kinds of finds without overlaps; where they disagree, the surer, and what is left of the other around it."""
    spans = disjoint(formed)
    rest: list[Span] = []
    for span in tagged:
        pieces = without(span, [other for other in spans if other.overlaps(span)])
        rest += (
            pieces
            if len(pieces) == 1 and pieces[0] == span
            else [trim for piece in pieces for trim in _trimmed(text, piece)]
        )
    return sorted([*spans, *rest])


def _trimmed(text: str, span: Span) -> list[Span]:
    """What is left of a piece without marks and spaces around it; nothing, where there is no more in it."""
    found = _CORE.search(text, span.start, span.end)
    return [Span(found.start(), found.end(), span.kind, span.score)] if found else []


def without(span: Span, others: Iterable[Span]) -> list[Span]:
    """What is left of a span beside others."""
    pieces, start = [], span.start
    for other in sorted(others):
        if other.start > start:
            pieces.append(Span(start, min(other.start, span.end), span.kind, span.score))
        start = max(start, other.end)
    if start < span.end:
        pieces.append(Span(start, span.end, span.kind, span.score))
    return pieces


_ABOUT_SOMEBODY = re.compile(
    r"\b(?:i|i'm|im|my|me|mine)\b|\b(?:he|she|they|who|we)\b.{0,20}\b(?:lives?|lived|works?|worked|born|moved|from|grew|studies|"
    r"studied|attends?|joined)\b|\b(?:home|address|resident|patient|pupil|son|daughter|mother|father|wife|husband)\b",
    re.IGNORECASE,
)


def identifying(text: str, spans: Sequence[Span]) -> tuple[Span, ...]:
    """The spans that point at somebody: direct identifiers, and places, organisations, occupations, dates and links
    where a direct identifier, or a word that says somebody is spoken of, is in the same segment.
    """
    kept: list[Span] = []
    for start, end in segments(text):
        inside = [span for span in spans if start <= span.start < end]
        direct = [span for span in inside if span.kind in DIRECT]
        kept += inside if direct or (inside and _ABOUT_SOMEBODY.search(text, start, end)) else []
    return tuple(kept)
