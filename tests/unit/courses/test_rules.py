"""Averages, cycles, outlines, names and the bounded cache."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from deployments.courses.outlines import Draft, Module, Unit, names_exactly
from deployments.courses.ratings import average, fair_average
from deployments.courses.repository.reviews import short_name
from deployments.courses.service.prerequisites import find_cycle
from deployments.kit.lru import BoundedCache

ratings = st.lists(st.integers(1, 5), min_size=1, max_size=200)
means = st.decimals(1, 5, places=2)


@given(ratings, means)
def test_fair_average_lies_between_the_plain_one_and_the_mean(given: list[int], mean: Decimal) -> None:
    plain, fair = average(len(given), sum(given)), fair_average(len(given), sum(given), mean)
    assert plain is not None
    assert fair is not None
    assert min(plain, mean) - Decimal("0.01") <= fair <= max(plain, mean) + Decimal("0.01")
    assert abs(fair - (10 * mean + sum(given)) / (10 + len(given))) <= Decimal("0.005")


def test_one_enthusiast_does_not_beat_a_hundred_happy_people() -> None:
    mean = Decimal("3.5")
    one, hundred = fair_average(1, 5, mean), fair_average(100, 460, mean)
    assert one is not None
    assert hundred is not None
    assert one < hundred
    assert fair_average(0, 0, mean) is None
    assert average(0, 0) is None


nodes = st.integers(0, 7).map(lambda number: UUID(int=number))
graphs = st.dictionaries(nodes, st.lists(nodes, max_size=4, unique=True), max_size=8)


def _reaches(start: UUID, goal: UUID, edges: dict[UUID, list[UUID]]) -> bool:
    reached, border = {start}, [start]
    while border:
        for following in edges.get(border.pop(), []):
            if following not in reached:
                reached.add(following)
                border.append(following)
    return goal in reached


@given(nodes, st.lists(nodes, max_size=4, unique=True), graphs)
def test_a_cycle_is_found_exactly_where_there_is_one(
    course: UUID, wanted: list[UUID], edges: dict[UUID, list[UUID]]
) -> None:
    edges.pop(course, None)
    cycle = find_cycle(course, wanted, edges)
    assert (cycle is not None) == any(_reaches(node, course, edges) for node in wanted)
    if cycle is not None:
        assert cycle[0] == course
        assert len(set(cycle)) == len(cycle)
        steps = {**edges, course: wanted}
        for one, following in zip(cycle, [*cycle[1:], course], strict=True):
            assert following in steps[one]


def test_a_snapshot_keeps_the_order_and_empty_modules() -> None:
    modules = [Module(id=UUID(int=n), title=f"M{n}", revision=1) for n in (1, 2)]
    unit = Unit(
        id=UUID(int=3), module_id=UUID(int=2), kind="text", title="U", body="b", video_url=None, quiz=None,
        assignment=None, revision=7,
    )  # fmt: skip
    content = Draft(modules, [unit]).snapshot()
    assert [(module["title"], len(module["units"])) for module in content["modules"]] == [("M1", 0), ("M2", 1)]
    assert content["modules"][1]["units"][0] == {
        "id": str(unit.id), "kind": "text", "title": "U", "body": "b", "video_url": None, "quiz": None,
        "assignment": None,
    }  # fmt: skip


@given(st.lists(nodes, unique=True), st.lists(nodes, unique=True))
def test_an_order_is_a_permutation(wanted: list[UUID], present: list[UUID]) -> None:
    assert names_exactly(wanted, present) == (sorted(wanted) == sorted(present))


def test_reviewers_are_named_by_first_name_and_initial() -> None:
    assert short_name("Ada", "Lovelace") == "Ada L."
    assert short_name("Ada", "") == "Ada"
    assert short_name("", "") == ""


@given(st.lists(st.tuples(st.sampled_from("pgdc"), st.integers(0, 5), st.integers(0, 12)), max_size=60))
def test_the_cache_never_outgrows_its_bound_and_forgets_the_least_used(steps: list[tuple[str, int, int]]) -> None:
    cache: BoundedCache[int, str] = BoundedCache(20, len)
    model: dict[int, str] = {}
    for action, key, size in steps:
        if action == "p":
            cache.put(key, "x" * size)
            model.pop(key, None)
            if size <= 20:
                model[key] = "x" * size
            while sum(map(len, model.values())) > 20:
                del model[next(iter(model))]
        elif action == "g":
            assert cache.get(key) == model.get(key)
            if key in model:
                model[key] = model.pop(key)
        elif action == "d":
            cache.discard(key)
            model.pop(key, None)
        else:
            cache.clear()
            model.clear()
        assert list(cache) == list(model.items())
        assert cache.bytes == sum(map(len, model.values())) <= 20
