"""Who is asked, in which order; when again."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from configs.models import ANYWHERE, STAYS, Alias, Choice, DataRule, Target
from deployments.llm import routing
from deployments.llm.errors import LlmError, RequestRefused, UpstreamBroken, UpstreamBusy, UpstreamUnavailable
from deployments.llm.retry import pause_seconds, rest_seconds

NAMES = "abcdefgh"


def remote(region: str | None) -> Target:
    return Target(provider="openai", base_url="http://x/v1", model="m", region=region)


TARGETS = {"in": Target(provider="extractive"), "eu": remote("eu"), "us": remote("us"), "who": remote(None)}


@pytest.mark.parametrize(
    ("data", "rule", "wanted"),
    [
        (ANYWHERE, None, "in eu us who"),
        (STAYS, None, "in"),
        (DataRule(regions=("eu",)), None, "in eu"),
        (ANYWHERE, DataRule(regions=("us",)), "in us"),
        (DataRule(regions=("eu",)), DataRule(regions=("us",)), "in"),
        (ANYWHERE, STAYS, "in"),
    ],
)
def test_data_goes_only_where_both_rules_permit(data: DataRule, rule: DataRule | None, wanted: str) -> None:
    alias = Alias(targets=tuple((Choice(target=name),) for name in TARGETS), data=data)
    found = routing.permitted(alias, TARGETS, rule)
    assert [choice.target for group in found for choice in group] == wanted.split()


groups = st.lists(
    st.lists(st.builds(Choice, target=st.sampled_from(NAMES), weight=st.floats(0.01, 100)), min_size=1, max_size=5),
    min_size=1,
    max_size=4,
)


@given(groups, st.sets(st.sampled_from(NAMES)), st.sets(st.sampled_from(NAMES)), st.integers())
def test_order_keeps_groups_and_leaves_out_only_what_rests(
    found: list[list[Choice]], resting: set[str], full: set[str], seed: int
) -> None:
    order = routing.order(found, lambda n: n not in resting, lambda n: n not in full, Random(seed))
    named = {choice.target for group in found for choice in group}
    assert sorted(order) == sorted(named - resting)
    rank = {name: next(i for i, g in enumerate(found) if name in {c.target for c in g}) for name in named}
    assert [rank[name] for name in order] == sorted(rank[name] for name in order)
    for one, other in pairwise(order):
        if rank[one] == rank[other]:
            assert not (one in full and other not in full)


def test_weights_are_kept() -> None:
    group = [[Choice(target="a", weight=3), Choice(target="b", weight=1)]]
    random = Random(7)
    firsts = Counter(routing.order(group, lambda _: True, lambda _: True, random)[0] for _ in range(4000))
    assert 0.72 < firsts["a"] / 4000 < 0.78


def pause(error: LlmError, tries: int = 1, *, alone: bool = True) -> float | None:
    return pause_seconds(error, tries, alone=alone, random=Random(3))


def test_what_took_the_request_is_not_asked_again() -> None:
    error = UpstreamUnavailable()
    assert pause(error) is not None
    error.consumed = True
    assert pause(error) is None
    assert pause(UpstreamBroken()) is None
    assert pause(RequestRefused()) is None


@given(st.integers(1, 30), st.integers())
def test_jitter_is_full_and_bounded(tries: int, seed: int) -> None:
    found = pause_seconds(UpstreamUnavailable(), tries, alone=True, random=Random(seed))
    assert found is not None
    assert 0 <= found <= min(0.25 * 2 ** (tries - 1), 4)


def test_the_upstream_s_own_time_is_kept() -> None:
    soon, late = UpstreamBusy(retry_after_seconds=3), UpstreamBusy(retry_after_seconds=6)
    waited = pause(soon)
    assert waited is not None
    assert waited >= 3
    assert pause(soon, alone=False) is None, "another target answers sooner"
    assert pause(late) is None
    assert pause(UpstreamBusy(exhausted=True)) is None
    assert (rest_seconds(soon), rest_seconds(UpstreamBusy(retry_after_seconds=10_000))) == (3, 600)
    assert rest_seconds(UpstreamBusy(exhausted=True)) == 60
    assert rest_seconds(RequestRefused()) == 0
