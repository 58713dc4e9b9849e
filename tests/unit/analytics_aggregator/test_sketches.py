"""Sketches keep what they promise: accuracy, size, and that order and splits do not matter."""

from __future__ import annotations

import random
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.analytics_aggregator.sketches import GROUP_LIMIT, Distinct, Group, Quantiles
from configs.settings import Settings

members = st.lists(st.integers(-(2**63), 2**63 - 1), max_size=300)


# Such as random ones are: no two alike in the half that groups keep.
strangers = st.lists(st.integers(-(2**31), 2**31 - 1).map(lambda half: half << 32 | 7), max_size=80)


def distinct(values: list[int]) -> Distinct:
    sketch = Distinct()
    sketch.update(values)
    return sketch


def group(values: Iterable[int]) -> Group:
    found = Group()
    found.update(values)
    return found


def quantiles(values: list[float]) -> Quantiles:
    sketch = Quantiles()
    sketch.update(values)
    return sketch


@pytest.mark.parametrize("count", [1, 10, 1_000, 10_000, 100_000])
@pytest.mark.parametrize("partitions", [1, 4])
def test_distinct_counts_are_within_two_percent(count: int, partitions: int) -> None:
    rng = random.Random(count)
    values = [rng.getrandbits(64) - 2**63 for _ in range(count)]
    parts = [distinct(values[n::partitions] + values[: count // 3 : partitions]).to_bytes() for n in range(partitions)]
    assert Distinct.merged(parts).estimate == pytest.approx(count, rel=0.02)
    assert sum(map(len, parts)) <= partitions * 8_600


@given(st.lists(members, min_size=1, max_size=5), st.randoms())
@settings(max_examples=50, deadline=None)
def test_unions_do_not_depend_on_order_or_split(parts: list[list[int]], rng: random.Random) -> None:
    everything = [value for part in parts for value in part]
    rng.shuffle(everything)
    apart = Distinct.merged([distinct(part).to_bytes() for part in parts])
    assert apart.estimate == Distinct.merged([distinct(everything).to_bytes()]).estimate
    assert apart.estimate == pytest.approx(len(set(everything)), rel=0.001)


def test_unions_of_many_do_not_depend_on_order_or_split() -> None:
    values = [random.Random(1).getrandbits(63) + n for n in range(30_000)]
    shuffled = random.Random(2).sample(values, len(values))
    whole = Distinct.merged([distinct(values).to_bytes()])
    assert Distinct.merged([distinct(shuffled).to_bytes()]).estimate == whole.estimate
    parts = [distinct(shuffled[n::3]).to_bytes() for n in range(3)]
    assert Distinct.merged(parts).estimate == whole.estimate
    assert Distinct.merged([Distinct.merged(parts[:2]).to_bytes(), parts[2]]).estimate == whole.estimate


def test_a_sketch_is_taken_only_when_it_has_changed() -> None:
    sketch = distinct([1, 2])
    first = sketch.take_changed()
    assert first is not None
    sketch.update([1, 2])
    assert sketch.take_changed() is None
    read = Distinct.from_bytes(first)
    assert read.take_changed() is None
    read.update([3])
    assert read.take_changed() is not None


def test_every_change_of_many_is_noticed() -> None:
    """Whether the estimate moved is what says that the registers did."""
    rng = random.Random(3)
    sketch, kept = Distinct(), b""
    for _ in range(3_000):
        sketch.update([rng.getrandbits(60) for _ in range(20)])
        changed = sketch.take_changed()
        assert changed is not None or sketch.to_bytes() == kept
        kept = changed or kept
        if rng.random() < 0.01:
            sketch = Distinct.from_bytes(kept)


def test_a_union_that_is_added_to_is_always_taken() -> None:
    sketch = Distinct.from_bytes(Distinct.merged([distinct(list(range(9_000))).to_bytes()]).to_bytes())
    assert sketch.take_changed() is not None


def test_none_at_all() -> None:
    assert Distinct.merged([]).estimate == 0
    assert Quantiles.merged([]).quantiles([0.5]) is None
    assert Quantiles.merged([]).fractions_up_to([1.0]) is None


@given(st.lists(st.floats(0, 100, width=32), min_size=1, max_size=200))
def test_few_values_are_kept_exactly(values: list[float]) -> None:
    sketch = Quantiles.merged([quantiles(values[::2]).to_bytes(), quantiles(values[1::2]).to_bytes()])
    assert sketch.count == len(values)
    ordered = sorted(values)
    middle = ordered[(len(values) - 1) // 2]
    assert sketch.quantiles([0.0, 0.5, 1.0]) == [ordered[0], middle, ordered[-1]]


def test_quantiles_of_many_values_are_near() -> None:
    rng = random.Random(5)
    values = [rng.betavariate(5, 2) * 100 for _ in range(50_000)]
    parts = [quantiles(values[n::4]).to_bytes() for n in range(4)]
    assert max(map(len, parts)) <= 2_600
    sketch = Quantiles.merged(parts)
    ordered = sorted(values)
    for rank, value in zip((0.1, 0.5, 0.9), sketch.quantiles([0.1, 0.5, 0.9]) or (), strict=True):
        assert sum(one <= value for one in ordered) / len(ordered) == pytest.approx(rank, abs=0.02)
    assert sketch.quantiles([0.0, 1.0]) == [pytest.approx(ordered[0]), pytest.approx(ordered[-1])]
    fractions = sketch.fractions_up_to([50.0, 80.0])
    assert fractions is not None
    assert fractions[0] == pytest.approx(sum(value <= 50 for value in values) / len(values), abs=0.02)


def test_quantiles_are_taken_only_when_they_have_changed() -> None:
    sketch = quantiles([1.0])
    stored = sketch.take_changed()
    assert stored is not None
    assert sketch.take_changed() is None
    assert Quantiles.from_bytes(stored).take_changed() is None
    sketch.update([1.0])
    assert sketch.take_changed() is not None


@given(st.lists(strangers, min_size=1, max_size=5), st.randoms())
def test_groups_are_exact_up_to_the_limit_however_they_are_split(parts: list[list[int]], rng: random.Random) -> None:
    everything = [value for part in parts for value in part]
    rng.shuffle(everything)
    count = min(len(set(everything)), GROUP_LIMIT)
    whole = group(everything)
    assert whole.count == count
    stored = [group(part).to_bytes() for part in parts if part]
    assert Group.merged(stored).count == count
    assert Group.merged([Group.merged(stored[:2]).to_bytes(), *stored[2:]] if stored else []).count == count
    if everything:
        assert Group.merged([whole.to_bytes()]).to_bytes() == Group.merged(stored).to_bytes() == whole.to_bytes()


@given(strangers, st.lists(strangers, max_size=4))
def test_groups_go_on_where_they_were_stored(first: list[int], more: list[list[int]]) -> None:
    found, kept = group(first), b""
    for values in more:
        kept = found.take_changed() or kept
        found = Group.from_bytes(kept) if kept else found
        assert found.take_changed() is None
        found.update(values)
    assert found.to_bytes() == group([*first, *(value for values in more for value in values)]).to_bytes()


def test_groups_are_small_and_rest_once_they_are_full() -> None:
    rng = random.Random(4)
    found = Group()
    sizes = set()
    for count in range(1, GROUP_LIMIT + 50):
        found.update([rng.getrandbits(64) - 2**63])
        assert found.count == min(count, GROUP_LIMIT)
        stored = found.take_changed()
        assert (stored is None) == (count > GROUP_LIMIT)
        sizes.add(len(stored or b""))
    assert max(sizes) == 4 * (GROUP_LIMIT - 1)
    assert len(found.to_bytes()) == 1


def test_no_minimum_is_beyond_what_groups_tell() -> None:
    [bound] = [rule.le for rule in Settings.model_fields["analytics_minimum_group"].metadata if hasattr(rule, "le")]
    assert bound == GROUP_LIMIT


@pytest.mark.parametrize("data", [b"", b"\x00", b"nonsense!" * 3])
def test_bytes_that_are_no_sketch_are_refused(data: bytes) -> None:
    for kind in (Distinct, Quantiles, Group):
        with pytest.raises((RuntimeError, ValueError, IndexError)):
            kind.from_bytes(data)
