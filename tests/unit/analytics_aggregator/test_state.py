"""Folding gives what the naive model gives, in any order and however it is split."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from actors.analytics_aggregator import windows
from actors.analytics_aggregator.figures import COUNTERS, Grain
from actors.analytics_aggregator.fold import user_of
from actors.analytics_aggregator.state import CellKey, CohortKey, Delta, Deltas, Horizon, Learner, Person
from stores.events import Event, Recorded, decode
from tests.unit.analytics_aggregator.lives import Lives, Step, steps
from tests.unit.analytics_aggregator.naive import Expected, model_of, plain, rounded


def recorded(events: Iterable[Event]) -> list[Recorded]:
    found = [decode(event.envelope()) for event in events]
    return [event for event in found if event is not None]


def learner(person: Person) -> Learner:
    return Learner(sha256(repr(person).encode()).digest()[:16], lasts=True)


def learners(events: Iterable[Recorded]) -> dict[Person, Learner]:
    people = {(event.org_id.int, user.int) for event in events if (user := user_of(event)) is not None}
    return {person: learner(person) for person in people}


def fold(batches: Iterable[Sequence[Recorded]]) -> list[Deltas]:
    found = []
    for batch in batches:
        deltas = Deltas()
        deltas.fold(batch, learners(batch))
        found.append(deltas)
    return found


def merged(parts: Sequence[Deltas], horizon: Horizon = Horizon()) -> dict[Any, Any]:
    cells: defaultdict[Any, Delta] = defaultdict(Delta)
    for deltas in parts:
        for key, delta in deltas.cells(horizon):
            cells[key].merge(delta)
    return {
        (*named(key), key.grain.name.lower(), windows.moment(key.start)):
        (
            plain(cell.counters), cell.learners, rounded(cell.scores), rounded(cell.durations), cell.scorers,
            cell.finishers,
        )
        for key, cell in cells.items()
    }  # fmt: skip


def named(key: CellKey | CohortKey) -> tuple[str, str, str]:
    return str(UUID(int=key.org_id)), key.scope.name.lower(), str(UUID(int=key.scope_id))


def member(person: tuple[str, str]) -> int:
    return learner((UUID(person[0]).int, UUID(person[1]).int)).member


def pseudonym(person: tuple[str, str]) -> bytes:
    return learner((UUID(person[0]).int, UUID(person[1]).int)).pseudonym


def expected(window: Expected) -> tuple[Any, ...]:
    people = [{member(person) for person in group} for group in (window.learners, window.scorers, window.finishers)]
    return plain(window.counters), people[0], rounded(window.scores), rounded(window.durations), *people[1:]


def split(items: Sequence[Recorded], seed: int) -> list[list[Recorded]]:
    """In another order, in batches of random sizes."""
    rng = random.Random(seed)
    shuffled = rng.sample(list(items), len(items))
    found, at = [], 0
    while at < len(shuffled):
        size = rng.randint(1, 7)
        found.append(shuffled[at : at + size])
        at += size
    return found


@given(steps, st.integers(0, 2**32))
@settings(max_examples=150, deadline=None)
def test_any_order_and_any_split_give_the_naive_figures(story: list[Step], seed: int) -> None:
    events = Lives().tell(story)
    model = model_of(event.envelope() for event in events)
    parts = fold(split(recorded(events), seed))
    assert merged(parts) == {window: expected(figures) for window, figures in model.windows.items()}


@given(steps, st.integers(0, 2**32))
@settings(max_examples=100, deadline=None)
def test_days_and_cohorts_are_the_naive_ones(story: list[Step], seed: int) -> None:
    events = Lives().tell(story)
    model = model_of(event.envelope() for event in events)
    days: dict[Any, dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    cohorts: dict[Any, set[int]] = defaultdict(set)
    for deltas in fold(split(recorded(events), seed)):
        for key, minutes in deltas.days.items():
            for minute, counters in minutes.items():
                days[key.org_id, key.pseudonym, windows.day_of(key.start)][minute].update(counters)
        for cohort, members in deltas.cohorts.items():
            cohorts[*named(cohort), windows.day_of(cohort.cohort), cohort.week] |= members
    assert {key: {m: plain(c) for m, c in minutes.items()} for key, minutes in days.items()} == {
        (UUID(org).int, pseudonym((org, user)), day): {str(m): plain(c) for m, c in minutes.items()}
        for (org, user, day), minutes in model.days.items()
    }
    assert cohorts == {key: {member(person) for person in people} for key, people in model.cohorts.items()}


def test_an_attempt_that_is_marked_anew_counts_once_with_its_new_marks() -> None:
    story = [Step("enrol", 0, 0, 0, 0, 2, 0)] + [Step("attempt", 0, 0, 0, 0, value, value) for value in (43, 90)]
    events = Lives().tell(story)
    assert [event.type for event in events][-2:] == ["quiz.attempted.v1", "quiz.regraded.v1"]
    wholes = [counters for (*_, grain, _), (counters, *_) in merged(fold([recorded(events)])).items() if grain == "all"]
    assert wholes
    assert {(one["attempts"], one["scored"], one["score_millionths"]) for one in wholes} == {(1, 1, 1_000_000)}


@given(steps)
@settings(max_examples=150, deadline=None)
def test_net_counters_telescope_to_what_there_is(story: list[Step]) -> None:
    """Over all time they are never negative, each enrolment is in one state, and no other counter ever falls."""
    lives = Lives()
    events = lives.tell(story)
    figures = merged(fold([recorded(events)]))
    for (_, scope, _, grain, _), (counters, *_) in figures.items():
        assert counters.keys() <= COUNTERS.keys()
        assert all(amount > 0 for name, amount in counters.items() if not COUNTERS[name].net)
        if grain == "all":
            assert all(amount > 0 for amount in counters.values())
            states = sum(counters.get(name, 0) for name in ("active", "completed", "dropped", "expired"))
            assert states == sum(counters.get(f"progress_{n}", 0) for n in range(11))
            assert scope == "unit" or states + counters.get("waitlisted", 0) == counters.get("enrollments", 0)
            assert counters.get("rating_points", 0) == sum(n * counters.get(f"rating_{n}", 0) for n in range(1, 6))
            assert counters.get("score_millionths", 0) <= counters.get("scored", 0) * 1_000_000


@given(steps)
@settings(max_examples=50, deadline=None)
def test_a_fine_window_is_whole_or_absent(story: list[Step]) -> None:
    events = recorded(Lives().tell(story))
    whole = merged(fold([events]))
    horizon = Horizon(windows.second_of(min((e.time for e in events), default=windows.moment(0))) // 60 * 60 + 1_200)
    horizon = horizon._replace(hours_from=horizon.minutes_from // 3_600 * 3_600)
    limits = {"minute": horizon.minutes_from, "hour": horizon.hours_from}
    assert merged(fold([events]), horizon) == {
        key: cell for key, cell in whole.items() if windows.second_of(key[4]) >= limits.get(key[3], 0)
    }


def test_a_horizon_between_windows_shows_the_later_one() -> None:
    horizon = Horizon(minutes_from=120, hours_from=3_600)
    assert [horizon.shows(Grain.MINUTE, start) for start in (60, 120)] == [False, True]
    assert [horizon.shows(Grain.HOUR, start) for start in (0, 3_600)] == [False, True]
    assert horizon.shows(Grain.DAY, 0)
    assert horizon.shows(Grain.ALL, 0)


def test_nothing_is_kept_under_a_pseudonym_that_does_not_last() -> None:
    event = recorded(Lives().tell([Step("sign_in", 0, 0, 0, 0, 1, 0)]))
    deltas = Deltas()
    deltas.fold(event, {person: found._replace(lasts=False) for person, found in learners(event).items()})
    assert deltas.days == {}
    assert {len(delta.learners) for _, delta in deltas.cells(Horizon())} == {1}
