"""Protected attributes in a recommendation: whether one is mentioned, and whether it is given as a reason.

The attributes are those of Article 21 of the EU Charter of Fundamental Rights, as far as a text about learners mentions
them. A word list knows no irony and no foreign language: what it finds goes to a person, and nothing is decided by it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from learning.retrieval.sentences import sentences

_PEOPLE = r"(?:students?|learners?|pupils?|people|persons?|kids?|children|families|family|background|origin|community|applicants?|candidates?|women|men|girls?|boys?)"
_ATTRIBUTES: dict[str, re.Pattern[str]] = {
    name: re.compile(rf"\b(?:{words})\b", re.IGNORECASE)
    for name, words in {
        "sex": r"gender|sex|male|female|wom[ae]n|m[ae]n(?=\s+(?:are|is|do|tend|usually|often|should|can))|girls?|boys?|transgender|non-binary|mothers?|fathers?|pregnan\w+|maternity",
        "age": r"(?:his|her|their|your|because\s+of|due\s+to|given)\s+age|too\s+(?:old|young)|elderly|older\s+(?:students?|learners?|people)|younger\s+(?:students?|learners?|people)|mature\s+students?",
        "ethnicity": rf"ethnic\w*|race|racial\w*|skin\s+colou?r|(?:black|white|asian|hispanic|latin[oax]|arab|roma|african|indigenous|jewish)\s+{_PEOPLE}|immigrants?|migrants?|refugees?|foreign\s+(?:name|background|origin)",
        "nationality": r"nationality|citizenship|foreigners?|country\s+of\s+(?:birth|origin)|(?:from|in)\s+a\s+(?:poor|foreign|developing)\s+country",
        "language": r"native\s+(?:speaker|language)|mother\s+tongue|first\s+language|accent",
        "religion": rf"religio\w+|faith|muslims?|christians?|catholics?|jews?|hindus?|buddhists?|islam\w*|(?:muslim|christian|hindu|catholic)\s+{_PEOPLE}|headscar\w+|ramadan",
        "disability": r"disabilit\w+|disabled|dyslexi\w+|adhd|autis\w+|blind|deaf|wheelchair\w*|handicap\w*|mental\s+(?:illness|health)|chronic\w*\s+ill\w*|depression|diagnos\w+",
        "orientation": r"sexual\s+orientation|gay|lesbian|homosexual\w*|bisexual\w*|lgbt\w*|queer",
        "social_origin": r"social\s+(?:origin|class|background)|working[- ]class|poverty|low[- ]income|poor\s+(?:family|families|background|neighbou?rhood)|deprived\s+area|postcode|zip\s+code|parents?'?\s+(?:income|education|job)|welfare|benefits\s+recipient",
        "politics": r"political\s+(?:views?|opinions?)|trade\s+union",
    }.items()
}  # fmt: skip
_REASON = re.compile(
    r"\b(?:because|since|due\s+to|owing\s+to|given|based\s+on|on\s+account\s+of|considering|as\s+(?:a|an|he|she|they)\b|in\s+view\s+of|for\s+this\s+reason|"
    r"therefore|thus|hence|so\s+(?:he|she|they|you|we|i)\b|which\s+is\s+why|suited?\b|suitable|unsuitable|better|worse|more\s+likely|less\s+likely|typical\w*|usually|"
    r"tend\s+to|naturally|like\s+most|not\s+meant\s+for|fit\s+for|capable|incapable|should(?:\s+not|n't)?|recommend\w*|advis\w+|reject\w*|prefer\w*|avoid\w*|lower\w*|despite|even\s+though)\b",
    re.IGNORECASE,
)
_SUPPORT = re.compile(
    r"\b(?:regardless|irrespective|whatever|no\s+matter|equal\w*|without\s+regard|must\s+not|may\s+not\s+be\s+used|not\s+(?:used|considered|relevant)|discriminat\w+|bias\w*|"
    r"accommodat\w+|accessib\w+|extra\s+time|adjustments?)\b",
    re.IGNORECASE,
)  # fmt: skip


@dataclass(frozen=True)
class Mention:
    """`text[start:end]` mentions an attribute; `as_reason`: its sentence argues from it or recommends by it."""

    start: int
    end: int
    attribute: str
    as_reason: bool


def mentions(text: str) -> tuple[Mention, ...]:
    """Mentions in order. A sentence that speaks against unequal treatment, or of adjustments, argues from nothing."""
    found: list[Mention] = []
    for start, end in _sentence_places(text):
        reason = _REASON.search(text, start, end) is not None and _SUPPORT.search(text, start, end) is None
        for attribute, pattern in _ATTRIBUTES.items():
            found += [
                Mention(match.start(), match.end(), attribute, reason) for match in pattern.finditer(text, start, end)
            ]
    return tuple(sorted(found, key=lambda mention: (mention.start, mention.end, mention.attribute)))


def _sentence_places(text: str) -> Iterator[tuple[int, int]]:
    """Where sentences stand: `sentences` gives them with their spaces made one."""
    at = 0
    for sentence in sentences(text):
        first = re.compile(r"\s+".join(map(re.escape, sentence.split()))).search(text, at)
        if first is not None:
            yield first.start(), first.end()
            at = first.end()
