"""What a batch of events adds, by window: folded into minutes first, rolled up to the coarser windows at the end.

All of it is sums and sets, so batches may be split and ordered in any way. Ids are handled as the integers they are:
UUID objects are slow keys.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from actors.analytics_aggregator import windows
from actors.analytics_aggregator.figures import GRAINS, PLATFORM, Grain, Scope
from actors.analytics_aggregator.fold import Effect, effect_of
from stores.events import Recorded

# Cohorts are followed for ten years.
_COHORT_WEEKS = 520


class Learner(NamedTuple):
    """A person as analytics knows them. An erased one's pseudonym does not last, so nothing is kept under it."""

    pseudonym: bytes
    lasts: bool

    @property
    def member(self) -> int:
        """What stands for the learner in sketches: 64 bits of the pseudonym, which is random."""
        return int.from_bytes(self.pseudonym[:8], "big", signed=True)


Id = int  # a UUID's 128 bits
Person = tuple[Id, Id]  # organisation and user


def hexadecimal(id: Id) -> str:
    """The UUID in 32 digits."""
    return f"{id:032x}"


class ScopeKey(NamedTuple):
    """What figures are about."""

    org_id: Id
    scope: Scope
    scope_id: Id


class CellKey(NamedTuple):
    """One window of one scope; `start` in seconds since the epoch."""

    org_id: Id
    scope: Scope
    scope_id: Id
    grain: Grain
    start: int


class CohortKey(NamedTuple):
    """A week of a cohort, which is named by its Monday in seconds since the epoch."""

    org_id: Id
    scope: Scope
    scope_id: Id
    cohort: int
    week: int


class DayKey(NamedTuple):
    """A learner's day, by its start in seconds since the epoch."""

    org_id: Id
    pseudonym: bytes
    start: int


class Horizon(NamedTuple):
    """Minute and hour windows that start before these seconds are gone for good."""

    minutes_from: int = 0
    hours_from: int = 0

    def shows(self, grain: Grain, start: int) -> bool:
        """Whether there is such a window."""
        if grain is Grain.MINUTE:
            return start >= self.minutes_from
        return grain is not Grain.HOUR or start >= self.hours_from


@dataclass(slots=True)
class Delta:
    """What a window gains."""

    counters: dict[str, int] = field(default_factory=dict)
    learners: set[int] = field(default_factory=set)
    scores: list[float] = field(default_factory=list)
    durations: list[float] = field(default_factory=list)
    scorers: set[int] = field(default_factory=set)
    finishers: set[int] = field(default_factory=set)

    def gain(self, effect: Effect, member: int | None) -> None:
        """Gain what an event adds to every scope; `member` stands for the person it is about."""
        add_counters(self.counters, effect.counters)
        if effect.score is not None:
            self.scores.append(effect.score)
        if effect.duration_days is not None:
            self.durations.append(effect.duration_days)
        if member is not None:
            self._gain_person(effect, member)

    def _gain_person(self, effect: Effect, member: int) -> None:
        if effect.active:
            self.learners.add(member)
        if effect.score is not None:
            self.scorers.add(member)
        if effect.duration_days is not None:
            self.finishers.add(member)

    def merge(self, other: Delta) -> None:
        """Gain what another gains too."""
        add_counters(self.counters, other.counters)
        self.learners |= other.learners
        self.scores += other.scores
        self.durations += other.durations
        self.scorers |= other.scorers
        self.finishers |= other.finishers


def add_counters(total: dict[str, int], more: Mapping[str, int]) -> None:
    """Add up in place; sums of 0 stay for the caller to leave out."""
    for name, amount in more.items():
        total[name] = total.get(name, 0) + amount


class _Gain(NamedTuple):
    """What the window of a scope that starts then gains."""

    key: ScopeKey
    start: int
    delta: Delta


Minutes = dict[str, dict[str, int]]  # by minute of the UTC day, which JSON has as a string


class Deltas:
    """What events of one partition add.

    Events are counted once, under their course or, without one, their organisation; the wider scopes and the coarser
    windows are sums of these.
    """

    def __init__(self) -> None:
        self._courses: dict[tuple[int, int, int], _Gain] = {}
        self._units: dict[tuple[int, int], _Gain] = {}
        self.days: dict[DayKey, Minutes] = {}
        self.cohorts: defaultdict[CohortKey, set[int]] = defaultdict(set)

    def fold(self, events: Iterable[Recorded], learners: Mapping[Person, Learner]) -> None:
        """Add events; `learners` has everybody they are about."""
        for event in events:
            effect = effect_of(event)
            org_id = event.org_id.int
            learner = None if effect.user_id is None else learners[org_id, effect.user_id.int]
            self._add(org_id, windows.second_of(event.time), effect, learner)

    def _add(self, org_id: Id, second: int, effect: Effect, learner: Learner | None) -> None:
        minute = windows.minute_start(second)
        day = second - second % windows.DAY
        member = None if learner is None else learner.member
        delta = self._course(org_id, effect.course_id, minute)
        delta.gain(effect, member)
        if effect.standing:
            add_counters(delta.counters, effect.standing)
        if effect.unit_id is not None:
            self._unit(org_id, effect.unit_id.int, day).gain(effect, member)
        if learner is not None and learner.lasts:
            self._remember(DayKey(org_id, learner.pseudonym, day), minute, effect)
        if member is not None and effect.learning_since is not None:
            self._join(org_id, second, effect, member, effect.learning_since)

    def _course(self, org_id: Id, course_id: UUID | None, minute: int) -> Delta:
        place = (org_id, 0 if course_id is None else course_id.int, minute)
        if (found := self._courses.get(place)) is None:
            key = _organisation(org_id) if course_id is None else ScopeKey(org_id, Scope.COURSE, course_id.int)
            found = self._courses[place] = _Gain(key, minute, Delta())
        return found.delta

    def _unit(self, org_id: Id, unit_id: Id, day: int) -> Delta:
        if (found := self._units.get((unit_id, day))) is None:
            found = self._units[unit_id, day] = _Gain(ScopeKey(org_id, Scope.UNIT, unit_id), day, Delta())
        return found.delta

    def _remember(self, key: DayKey, minute: int, effect: Effect) -> None:
        minutes = self.days.setdefault(key, {})
        name = str((minute - key.start) // windows.MINUTE)
        if (counters := minutes.get(name)) is None:
            minutes[name] = effect.counters | effect.standing
        else:
            add_counters(counters, effect.counters)
            add_counters(counters, effect.standing)

    def _join(self, org_id: Id, second: int, effect: Effect, member: int, since: datetime) -> None:
        course_id = effect.course_id
        scope = _organisation(org_id) if course_id is None else ScopeKey(org_id, Scope.COURSE, course_id.int)
        cohort = windows.monday_of(windows.second_of(since))
        if effect.joined:
            self.cohorts[CohortKey(*scope, cohort, 0)].add(member)
        week = max(0, (windows.monday_of(second) - cohort) // windows.WEEK)
        if effect.active and week <= _COHORT_WEEKS:
            self.cohorts[CohortKey(*scope, cohort, week)].add(member)

    @property
    def courses(self) -> set[ScopeKey]:
        """The courses that gain something, and the organisations that do so outside their courses."""
        return {gain.key for gain in self._courses.values()}

    def cells(self, horizon: Horizon) -> Iterator[tuple[CellKey, Delta]]:
        """What every window gains, of every scope and grain. Windows may share a delta: it is not to be changed."""
        parts: defaultdict[ScopeKey, _Parts] = defaultdict(lambda: defaultdict(list))
        for gain in self._courses.values():
            for key in {gain.key, _organisation(gain.key.org_id), _PLATFORM}:
                parts[key][gain.start].append(gain.delta)
        for gain in self._units.values():
            parts[gain.key][gain.start].append(gain.delta)
        for key, finest in parts.items():
            yield from _every_grain(key, finest, horizon)


_Parts = defaultdict[int, list[Delta]]  # by the start of windows
_PLATFORM = ScopeKey(PLATFORM.int, Scope.ORGANISATION, PLATFORM.int)


def _organisation(org_id: Id) -> ScopeKey:
    return ScopeKey(org_id, Scope.ORGANISATION, org_id)


def _every_grain(key: ScopeKey, finest: _Parts, horizon: Horizon) -> Iterator[tuple[CellKey, Delta]]:
    found = finest
    for grain in GRAINS[key.scope]:
        found = _rolled_up(found, grain)
        for start, (delta,) in found.items():
            if horizon.shows(grain, start):
                yield CellKey(*key, grain, start), delta


def _rolled_up(finer: _Parts, grain: Grain) -> _Parts:
    """One delta for each window of the grain."""
    parts: _Parts = defaultdict(list)
    for start, deltas in finer.items():
        parts[windows.start_of(grain, start)] += deltas
    for start, deltas in parts.items():
        if len(deltas) > 1:
            parts[start] = [_sum(deltas)]
    return parts


def _sum(deltas: Iterable[Delta]) -> Delta:
    total = Delta()
    for delta in deltas:
        total.merge(delta)
    return total
