"""What is remembered, and what is said of changes."""

from __future__ import annotations

import json

from actors.analytics_aggregator.figures import COUNTERS, SKETCHES
from actors.analytics_aggregator.handler import change_message
from actors.analytics_aggregator.hot import Hot
from actors.analytics_aggregator.pseudonyms import Pseudonyms
from actors.analytics_aggregator.state import Deltas
from actors.analytics_aggregator.store import Cell, Part
from deployments.analytics.changes import Changes
from stores.events import CATALOGUE
from tests.unit.analytics_aggregator.lives import Lives, Step, identity
from tests.unit.analytics_aggregator.test_state import learners, recorded


def part(partition: int, version: int, courses: int) -> Part:
    steps = [Step("enrol", 0, 0, course, 0, 0, 0) for course in range(courses)]
    events = recorded(Lives().tell([*steps, Step("account", 0, 0, 0, 0, 1, 0)]))
    deltas = Deltas()
    deltas.fold(events, learners(events))
    return Part(partition, version, deltas)


def test_the_message_names_versions_and_what_has_changed() -> None:
    found = json.loads(change_message([part(0, 7, 1), part(3, 9, 2)]))
    assert found["versions"] == {"0": 7, "3": 9}
    courses = [f"c:{identity(5, 0, number).hex}" for number in range(2)]
    assert found["scopes"] == sorted([f"o:{identity(1, 0).hex}", *courses])


def test_a_message_that_would_not_fit_names_everything() -> None:
    message = change_message([part(0, 7, 500)])
    assert json.loads(message) == {"versions": {"0": 7}, "scopes": "*"}
    assert len(change_message([part(n, 2**62, 1) for n in range(64)])) < 8_000


def test_readers_understand_the_message() -> None:
    told, others = identity(5, 0, 0), identity(5, 0, 1)
    changes = Changes.read(change_message([part(0, 7, 1)]))
    assert changes.concern_course(told)
    assert changes.concern_organisation(identity(1, 0))
    assert not changes.concern_course(others)
    assert not changes.concern_organisation(identity(1, 1))
    assert Changes.read(change_message([part(0, 7, 500)])).concern_course(others)


def test_the_longest_unused_is_given_up_first() -> None:
    hot: Hot[str, int] = Hot(2)
    for number, key in enumerate("abc"):
        hot.put(number % 2, key, number)
    taken = hot.take(0, "a")
    assert taken == 0
    hot.put(0, "a", taken)
    hot.trim()
    assert [hot.take(1, "b"), hot.take(0, "c"), hot.take(0, "a")] == [None, 2, 0]


def test_partitions_are_forgotten_by_themselves() -> None:
    hot: Hot[str, int] = Hot(5)
    hot.put(0, "a", 1)
    hot.put(1, "a", 2)
    hot.forget({0})
    assert (hot.take(0, "a"), hot.take(1, "a")) == (None, 2)


def test_the_erased_differ_from_one_another_and_from_process_to_process() -> None:
    one, other = Pseudonyms(10), Pseudonyms(10)
    people = [(1, n) for n in range(3)]
    found = [one._learner(person) for person in people]
    assert len({learner.pseudonym for learner in found}) == 3
    assert not any(learner.lasts for learner in found)
    assert found == [one._learner(person) for person in people]
    assert found != [other._learner(person) for person in people]


def test_columns_and_sketches_agree() -> None:
    assert set(SKETCHES) | {"counters"} == set(Cell.__slots__)


def test_every_counter_can_be_counted_and_every_type_has_its_effect() -> None:
    from actors.analytics_aggregator import fold

    assert fold._SPECIAL.keys() <= CATALOGUE.keys() == fold._KINDS.keys()
    named = {name for kind in fold._KINDS.values() for name in kind.counters}
    assert named <= COUNTERS.keys()
