"""What words and meaning say, as one ranking."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from learning.retrieval.ranking import Candidate, ranked, read_again

SHARES = st.floats(0, 1)
CANDIDATES = st.lists(
    st.builds(
        Candidate, item=st.integers(0, 10**6), section=st.integers(0, 4), words=st.floats(0, 30), coverage=SHARES,
        similarity=st.none() | st.floats(-1, 1),
    ),
    max_size=30, unique_by=lambda one: one.item,
)  # fmt: skip


@given(candidates=CANDIDATES, limit=st.integers(1, 10))
def test_a_ranking_has_each_once_and_no_more_than_are_wanted(candidates: list[Candidate[int]], limit: int) -> None:
    found = ranked(candidates, limit)
    assert len(found) <= limit
    assert len({one.candidate.item for one in found}) == len(found)
    assert all(0 <= one.score <= 1 + 1e-9 for one in found)
    assert found[:1] == ranked(candidates, 1)


@given(candidates=CANDIDATES)
def test_the_first_three_are_of_sections_of_their_own_where_those_are_good(candidates: list[Candidate[int]]) -> None:
    found = ranked(candidates, 30)
    if not found:
        return
    good = {one.candidate.section for one in found if one.score >= found[0].score / 2}
    assert len({one.candidate.section for one in found[:3]}) >= min(3, len(good))


def candidate(item: int, words: float, coverage: float, similarity: float | None) -> Candidate[int]:
    return Candidate(item, item, words, coverage, similarity)


def test_words_count_the_more_the_more_of_them_are_there() -> None:
    met = ranked([candidate(1, 10, 1.0, 0.3), candidate(2, 2, 0.2, 0.6)], 2)
    by_chance = ranked([candidate(1, 3, 0.3, 0.3), candidate(2, 0.6, 0.06, 0.6)], 2)
    assert [one.candidate.item for one in met] == [1, 2]
    assert [one.candidate.item for one in by_chance] == [2, 1]


def test_without_vectors_words_decide_alone() -> None:
    found = ranked([candidate(1, 1, 0.2, None), candidate(2, 5, 0.4, None), candidate(3, 0, 0, None)], 5)
    assert [one.candidate.item for one in found] == [2, 1]


def test_what_has_nothing_to_do_with_the_question_is_left_out() -> None:
    assert ranked([candidate(1, 4, 0.3, 0.05)], 5) == []


@given(candidates=CANDIDATES, logits=st.lists(st.floats(-15, 15), max_size=12), limit=st.integers(1, 10))
def test_reading_again_reorders_what_was_read_and_nothing_else(
    candidates: list[Candidate[int]], logits: list[float], limit: int
) -> None:
    found = ranked(candidates, 30)
    again = read_again(found, logits, limit)
    assert len(again) == min(limit, len(found))
    read, rest = found[: len(logits)], found[len(logits) :]
    assert {one.candidate.item for one in again} <= {one.candidate.item for one in found}
    assert len({one.candidate.item for one in again}) == len(again)
    assert again[len(read) :] == rest[: max(0, limit - len(read))]
    assert all(0 <= one.score <= 1 + 1e-9 for one in again)
    assert read_again(found, [], limit) == found[:limit]


def test_what_reading_says_outweighs_the_first_ranking() -> None:
    found = ranked([candidate(1, 10, 1.0, 0.6), candidate(2, 8, 0.9, 0.5), candidate(3, 8, 0.9, 0.5)], 3)
    assert [one.candidate.item for one in found] == [1, 2, 3]
    assert read_again(found, [-11.0, -9.0, 9.0], 1)[0].candidate.item == 3
    # The first three are of sections of their own after that too.
    same = [Candidate(item, item // 3, 10 - item, 1.0, 0.6) for item in range(5)]
    assert [one.candidate.item for one in read_again(ranked(same, 5), [9.0, 9.0, 9.0, 0.0, 0.0], 5)][:2] == [0, 3]
    # Where all say the same, the first ranking stands.
    assert [one.candidate.item for one in read_again(found, [2.0, 2.0, 2.0], 3)] == [1, 2, 3]
