"""Redaction and restoration of a text that arrives in pieces."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from learning.privacy.detector import PersonalDataDetector
from learning.privacy.kinds import Kind
from learning.privacy.redaction import ALL_KINDS, Pseudonyms, redact_segment, restore
from learning.privacy.segments import next_cut
from learning.privacy.tokens import UNFINISHED


class RedactionStream:
    """What it lets through, put together, is the redaction of the whole.

    Holds back the segment that is still open: to the end of the sentence, at most `segments.LIMIT` characters.
    """

    def __init__(
        self, detector: PersonalDataDetector, pseudonyms: Pseudonyms, *, kinds: Collection[Kind] = ALL_KINDS
    ) -> None:
        self._detector = detector
        self._pseudonyms = pseudonyms
        self._kinds = kinds
        self._context = ""
        self._held = ""

    def feed(self, text: str) -> str:
        """Some text arrived; gives what may go on."""
        self._held += text
        return self._pass_on(final=False)

    def end(self) -> str:
        """Nothing more arrives; gives what was held back."""
        return self._pass_on(final=True)

    def _pass_on(self, *, final: bool) -> str:
        out, start = [], 0
        while (cut := next_cut(self._held, start, final=final)) is not None:
            segment = self._held[start:cut]
            out.append(redact_segment(self._context, segment, self._detector, self._pseudonyms, self._kinds))
            self._context, start = segment, cut
        self._held = self._held[start:]
        return "".join(out)


class RestorationStream:
    """Puts originals in the place of tokens. Holds back no more than the beginning of a token."""

    def __init__(self, mapping: Mapping[str, str]) -> None:
        self._mapping = mapping
        self._held = ""

    def feed(self, text: str) -> str:
        """Some text arrived; gives what may go on."""
        text = self._held + text
        unfinished = UNFINISHED.search(text)
        cut = unfinished.start() if unfinished else len(text)
        self._held = text[cut:]
        return restore(text[:cut], self._mapping)

    def end(self) -> str:
        """Nothing more arrives; gives what was held back."""
        held, self._held = self._held, ""
        return held
