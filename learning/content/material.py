"""What content is drafted from: the statements of texts, and the terms that matter in them. English."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from learning.grading.words import STOP_WORDS, stem, words_of
from learning.retrieval.blocks import CODE, Section, sections
from learning.retrieval.chunking import PATH

_BOLD = re.compile(r"\*\*([^*\n]{3,60})\*\*|__([^_\n]{3,60})__")
_PHRASE = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_RUNNING = re.compile(r"[^\W\d_]+|[.,;:!?]")
_FINITE = re.compile(
    r"\b(?:is|are|was|were|has|have|had|does|do|can|may|must|will|shows?|means?|makes?|gives?|leads?|causes?|needs?|"
    r"happens?|becomes?|[a-z]{3,}(?:ed|es|s))\b"
)
_POINTING = re.compile(r"^(?:this|these|that|those|it|they|he|she|here|there|such|also|but|and|so|or)\b", re.IGNORECASE)
_COMMON = STOP_WORDS | words_of(
    "some any each every all both few many much more most less least other another same such only own "
    "very too just also even still well one two three first second last next new old good better best bad "
    "great small large long short way ways thing things kind kinds part parts example examples use uses "
    "used using make makes made get gets take takes say says said see seen find found know known think "
    "need needs want may might must should shall into over under about after before between through "
    "during without within against while where here there now often usually always sometimes never out up "
    "down off again further once until whether per via you your we our us i me my people person work "
    "works time times day days year years question questions answer answers unit course lesson chapter "
    "section page like later look looks looked cannot "
    "tell lies lie alike going able hundred thousand million cent worth having bring give gives come"
)
_BEFORE_NOUNS = words_of("the a an of its their his her our your this that each every no any some")
_MOSTLY = 0.4
FEWEST_WORDS, MOST_WORDS = 7, 35  # of a statement that a question can be made of
MOST_TERM_WORDS = 3


@dataclass(frozen=True)
class Source:
    """A text in Markdown; `key` names it. What depends on it alone is worked out once: that is most of what drafting
    costs."""

    key: str
    title: str
    markdown: str

    @cached_property
    def sections(self) -> Sequence[Section]:
        """Its sections, as `blocks.sections` has them."""
        return tuple(sections(self.markdown))

    @cached_property
    def statements(self) -> Sequence[Statement]:
        """Its sentences that can be asked about, in order: no code, no rows, none that points elsewhere."""
        return tuple(
            Statement(piece.text, self.key, PATH.join(filter(None, (self.title, *section.headings))))
            for section in self.sections
            for piece in section.pieces
            if _says_something(piece.text)
        )

    @cached_property
    def phrases(self) -> Counter[str]:
        """How often it has each phrase of up to three words; in a heading or in bold it counts five times."""
        weights: Counter[str] = Counter()
        for section in self.sections:
            for heading in section.headings[-1:]:
                weights.update(dict.fromkeys(_phrases(heading), 4))
            for piece in section.pieces:
                if not piece.text.startswith(CODE):
                    weights.update(_phrases(piece.text))
        for bold in _BOLD.finditer(self.markdown):
            weights.update(dict.fromkeys(_phrases(bold[1] or bold[2]), 4))
        return weights

    @cached_property
    def words(self) -> Counter[str]:
        """How often it has each word, or mark of a clause's end."""
        return Counter(self._running)

    @cached_property
    def words_behind(self) -> Counter[str]:
        """How often each of its words stands behind what stands before nouns."""
        return Counter(word for before, word in pairwise(self._running) if before in _BEFORE_NOUNS)

    @property
    def _running(self) -> list[str]:
        return [word.lower() for word in _RUNNING.findall(self.markdown)]


@dataclass(frozen=True)
class Statement:
    """A sentence that says something by itself, and where it stands."""

    text: str
    source: str
    heading: str

    @cached_property
    def phrases(self) -> Sequence[str]:
        """Its phrases of up to three words, each once."""
        return tuple(dict.fromkeys(_phrases(self.text)))


def statements(sources: Iterable[Source]) -> list[Statement]:
    """The statements of texts in their order."""
    return [statement for source in sources for statement in source.statements]


def _says_something(sentence: str) -> bool:
    if sentence.startswith(CODE) or not sentence.rstrip("\"'\N{RIGHT DOUBLE QUOTATION MARK})").endswith("."):
        return False
    count = len(sentence.split())
    return FEWEST_WORDS <= count <= MOST_WORDS and not _POINTING.match(sentence) and bool(_FINITE.search(sentence))


def terms(sources: Sequence[Source], most: int = 300) -> dict[str, float]:
    """Phrases of up to three words that matter in texts, in small letters, with how much.

    Runs of words between stop words (Rose and others, 2010), weighted by how often they occur; what an author set in
    bold or in a heading counts five times.
    """
    weights: Counter[str] = Counter()
    for source in sources:
        weights.update(source.phrases)
    nouns = _nouns(sources)
    ranked = {
        term: count * (1 + 1.5 * term.count(" "))
        for term, count in weights.items()
        if count >= 2 and (" " in term or term in nouns)
    }
    return dict(sorted(ranked.items(), key=lambda item: (-item[1], item[0]))[:most])


def _nouns(sources: Sequence[Source]) -> frozenset[str]:
    """Single words that mostly stand behind what stands before nouns. Without a tagger that has to do."""
    behind: Counter[str] = Counter()
    anywhere: Counter[str] = Counter()
    for source in sources:
        anywhere.update(source.words)
        behind.update(source.words_behind)
    return frozenset(word for word, count in behind.items() if count >= 2 and count >= _MOSTLY * anywhere[word])


def _phrases(text: str) -> list[str]:
    found: list[str] = []
    for clause in re.split(r"[.,;:!?()\[\]\"\N{LEFT DOUBLE QUOTATION MARK}\N{RIGHT DOUBLE QUOTATION MARK}/|`=]+", text):
        run: list[str] = []
        for word in [*_PHRASE.findall(clause.lower()), ""]:
            if word and word not in _COMMON and len(word) > 2 and not word.endswith("ly"):
                run.append(word)
                continue
            found += [" ".join(run[at : at + size]) for size in (1, 2, 3) for at in range(len(run) - size + 1)]
            run = []
    return [phrase for phrase in found if len(phrase) >= 4]


def terms_in(statement: Statement, weights: Mapping[str, float]) -> list[str]:
    """Which of the terms a statement has, each once."""
    return [phrase for phrase in statement.phrases if phrase in weights]


def occurrence(term: str, sentence: str) -> tuple[int, int] | None:
    """Where a term stands in a sentence, whole words only."""
    found = re.search(rf"(?<![\w-]){re.escape(term)}(?![\w-])", sentence, re.IGNORECASE)
    return found.span() if found else None


def stems(text: str) -> frozenset[str]:
    """The stems of a text's words that are no stop words."""
    return frozenset(stem(word) for word in _PHRASE.findall(text.lower()) if word not in STOP_WORDS)
