"""The cheap look never hides a match: with it and without, the same is found."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from learning.safety import injection
from learning.safety.gates import Gates, alternatives
from learning.safety.injection_signals import RULES

PATTERNS = [rule.pattern for rule in RULES]
GATES = Gates(PATTERNS)
TEXTS = sorted((Path(__file__).parents[3] / "benchmarks" / "safety").glob("*.txt"))
FRAGMENTS = sorted({
    piece for pattern in PATTERNS for sets in alternatives(pattern) for found in sets for piece in sorted(found)[:6]
})  # fmt: skip


def ungated(text: str) -> list[int]:
    return [number for number, pattern in enumerate(PATTERNS) if pattern.search(text)]


def hidden(text: str) -> list[int]:
    """Patterns that match and are not tried."""
    return sorted(set(ungated(text)) - set(GATES.open(text)))


@pytest.mark.parametrize("number", range(len(PATTERNS)))
def test_every_text_made_from_a_pattern_opens_it(number: int) -> None:
    @settings(max_examples=6, database=None, suppress_health_check=list(HealthCheck))
    @given(st.from_regex(PATTERNS[number]), st.sampled_from(["", "x ", "\u0130 ", "\u017f"]))
    def opens(text: str, before: str) -> None:
        if PATTERNS[number].search(before + text):
            assert number in set(GATES.open(before + text))

    opens()


@given(st.lists(st.sampled_from(FRAGMENTS), max_size=14), st.sampled_from([" ", "  ", "\n", ": ", ""]))
def test_texts_of_the_rules_own_words_lose_nothing(parts: list[str], between: str) -> None:
    text = between.join(parts)
    assert not hidden(text)
    assert not hidden(text.upper())


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.stem)
def test_written_texts_lose_nothing(path: Path) -> None:
    for line in path.read_text(encoding="utf-8").splitlines():
        assert not hidden(line)


@given(st.sampled_from(["ignore", "kill", "assistant"]), st.data())
def test_letters_that_fold_unusually_lose_nothing(word: str, data: st.DataObject) -> None:
    swapped = {"i": "iI\u0130\u0131", "s": "sS\u017f", "k": "kK\u212a"}
    text = "".join(data.draw(st.sampled_from(swapped.get(letter, letter))) for letter in word)
    pattern = re.compile(f"{word}s?", re.IGNORECASE)
    assert list(Gates([pattern]).open(text)) == [0] or not pattern.search(text)


@pytest.mark.parametrize(
    ("pattern", "told"),
    [
        ("(?:foo|bar) (?:baz)?", [[{"foo ", "foo baz", "bar ", "bar baz"}]]),
        ("(?:abc)?", [[]]),
        ("x+(?:one|two)", [[{"one", "two"}, {"x"}]]),
        (r"\d\w+", [[]]),
        ("colou?r", [[{"color", "colour"}]]),
        ("a(?!b)c", [[{"ac"}]]),
    ],
)
def test_what_a_match_must_hold(pattern: str, told: list[list[set[str]]]) -> None:
    assert [[set(each) for each in sets] for sets in alternatives(re.compile(pattern))] == told


@given(
    st.text(alphabet="ab #\u00e9", min_size=1, max_size=12),
    st.integers(20, 40),
    st.text(alphabet="abc xyz", max_size=60),
)
def test_padding_is_looked_for_wherever_it_is(unit: str, count: int, around: str) -> None:
    text = f"{around}{unit * count}{around}"
    if injection._PADDING.search(text):
        assert injection._may_be_padded(text)
