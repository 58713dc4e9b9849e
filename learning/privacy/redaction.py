"""Putting tokens in the place of personal data, and back.

Whoever keeps the mapping seals it (`stores.sealing`); this module knows neither keys nor stores.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from learning.privacy.detector import PersonalDataDetector, without
from learning.privacy.kinds import Kind, Span
from learning.privacy.segments import segments
from learning.privacy.tokens import LITERAL, TOKEN, token

ALL_KINDS: frozenset[Kind] = frozenset(Kind)


class Pseudonyms:
    """The tokens of one task: the same text of the same kind has the same token wherever it stands.

    `mapping` of an earlier text of the task goes on where that ended.
    """

    def __init__(self, mapping: Mapping[str, str] | None = None) -> None:
        self._originals: dict[str, str] = {}
        self._tokens: dict[tuple[str, str], str] = {}
        self._counts: dict[str, int] = {}
        for each, original in (mapping or {}).items():
            kind, number = each[1:-1].rsplit("_", 1)
            self._counts[kind] = max(self._counts.get(kind, 0), int(number))
            self._remember(kind, original, each)

    @property
    def mapping(self) -> dict[str, str]:
        """Token to original: what it takes to undo the redaction."""
        return dict(self._originals)

    def token(self, kind: str, original: str) -> str:
        """The token for a text."""
        known = self._tokens.get((kind, original))
        if known is not None:
            return known
        self._counts[kind] = self._counts.get(kind, 0) + 1
        return self._remember(kind, original, token(kind, self._counts[kind]))

    def _remember(self, kind: str, original: str, name: str) -> str:
        self._originals[name] = original
        self._tokens[(kind, original)] = name
        return name


def redact(
    text: str, detector: PersonalDataDetector, pseudonyms: Pseudonyms, *, kinds: Collection[Kind] = ALL_KINDS
) -> str:
    """The text with a token in the place of every find of these kinds.

    `restore` with the mapping gives back exactly the text. What looks like a token in it is replaced too, so that every
    token of the result stands for something in the mapping: a text cannot smuggle in a token of another's data.
    """
    out, before = [], 0
    for start, end in segments(text):
        out.append(redact_segment(text[before:start], text[start:end], detector, pseudonyms, kinds))
        before = start
    return "".join(out)


def redact_segment(
    context: str, segment: str, detector: PersonalDataDetector, pseudonyms: Pseudonyms, kinds: Collection[Kind]
) -> str:
    """A segment redacted, given the segment before it."""
    literals = [(match.start(), match.end(), LITERAL) for match in TOKEN.finditer(segment)]
    walls = [Span(start, end, Kind.ID, 1.0) for start, end, _ in literals]
    found = [
        (piece.start, piece.end, str(piece.kind))
        for span in detector.detect_segment(context, segment)
        if span.kind in kinds
        for piece in without(span, [wall for wall in walls if wall.overlaps(span)])
    ]
    out, at = [], 0
    for start, end, kind in sorted(literals + found):
        out += [segment[at:start], pseudonyms.token(kind, segment[start:end])]
        at = end
    return "".join([*out, segment[at:]])


def restore(text: str, mapping: Mapping[str, str]) -> str:
    """The text with originals in the place of tokens. Tokens that the mapping does not know stay."""
    return TOKEN.sub(lambda match: mapping.get(match[0], match[0]), text)
