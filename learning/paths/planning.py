"""The next best units, from mastery, prerequisites, goals and time.

A step is worth what the learner does not know yet of what it teaches, most where a goal needs it, and all the same
where something that is needed waits for it. Units are taken by worth for the minutes that they cost, each only after
what it needs. The result depends on nothing but the arguments, so a path is replanned by planning again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from learning.paths.units import Seen, Step, Unit, Why

SECURE = 0.85  # chance of being known from which on a skill needs no more work
FORGOTTEN_BELOW = 0.9
WEAK_BELOW = 0.5  # chance of being known, after answers, below which what teaches a skill is gone through again
_FRESH_FROM = 0.98  # remembered as well as what was seen today
_SHARE_OF_REVIEWS = 0.4  # of the time; the first one may have more, if something new fits all the same or nothing does
_GOAL_WEIGHT, _PLAIN_WEIGHT, _NO_SKILL = 3.0, 1.0, 0.3
_LEAST = 1e-3
_MOST_WITHOUT_GOAL = _PLAIN_WEIGHT + _LEAST


def plan(
    units: Sequence[Unit],
    known: Mapping[str, float],
    *,
    now: datetime,
    minutes: int,
    goals: Collection[str] = (),
    seen: Iterable[Seen] = (),
    names: Mapping[str, str] | None = None,
    most: int = 10,
) -> list[Step]:
    """Steps in the order in which to do them, within the minutes and `most` in number. Where nothing new fits, the unit
    most worth beginning comes last, and the one that is most faded where there is nothing else. `known` are the chances
    that skills are known; one that is missing counts as not known. `names` are what skills are called in reasons.
    Nothing is planned twice, nothing that is done but for reviews, nothing before what it needs."""
    by_id = {unit.id: unit for unit in units}
    before = list(seen)
    finished = {unit.id for unit in units if not unit.to_do}
    waiting = {unit.id: unit for unit in units if unit.to_do}
    faded = _faded(by_id, before, now)
    shortest = min((unit.minutes for unit in waiting.values() if _ready(unit, by_id, finished)), default=0)
    steps = _again(units, known, before, faded, minutes, shortest, most, names or {})
    left = minutes - _minutes(steps)
    worth = _worths(units, known, goals)
    something_new = False
    while waiting and len(steps) < most:
        ready = [unit for unit in waiting.values() if _ready(unit, by_id, finished)]
        to_begin = ready if not something_new and (left > 0 or not steps) else []
        fitting = [unit for unit in ready if unit.minutes <= left] or to_begin
        if not fitting:
            break
        best = max(fitting, key=lambda unit: (worth[unit.id] / unit.minutes, -unit.place, unit.id))
        step = _step(best, units, known, goals, worth, names or {})
        steps.append(step if best.minutes <= left else _begun(step, minutes))
        something_new = True
        left -= best.minutes
        finished.add(best.id)
        del waiting[best.id]
    return steps or [_begun(_review(*one), minutes) for one in faded[: min(1, most)]]


def _faded(units: Mapping[str, Unit], seen: Iterable[Seen], now: datetime) -> list[tuple[Unit, Seen]]:
    """Units that are due or fading and can be gone through again, the most faded first."""
    return [
        (unit, one)
        for one in sorted(seen, key=lambda one: (one.remembered, one.due, one.unit_id))
        if (unit := units.get(one.unit_id)) is not None and unit.done and unit.open
        if one.due <= now or one.remembered < FORGOTTEN_BELOW
    ]


def _again(
    units: Sequence[Unit],
    known: Mapping[str, float],
    seen: Collection[Seen],
    faded: Collection[tuple[Unit, Seen]],
    minutes: int,
    new: int,
    most: int,
    names: Mapping[str, str],
) -> list[Step]:
    """Reviews, then repeats, so that a step and time are left for something new; `new`: the minutes that the shortest
    of it takes, 0 where there is nothing."""
    room = most - 1 if new and most > 1 else most
    steps = _reviews(faded, int(minutes * _SHARE_OF_REVIEWS), minutes - new if new <= minutes else minutes, room)
    left = minutes - _minutes(steps)
    spare = left - new if new <= left else left // 2
    return steps + _repeats(units, known, seen, steps, spare, room, names)


def _reviews(faded: Iterable[tuple[Unit, Seen]], share: int, first: int, room: int) -> list[Step]:
    """What is to be seen again, within a share of the minutes; the first may take `first`, if that is more."""
    steps: list[Step] = []
    for unit, one in faded:
        if unit.minutes <= (share if steps else max(share, first)) and len(steps) < room:
            share -= unit.minutes
            steps.append(_review(unit, one))
    return steps


def _review(unit: Unit, seen: Seen) -> Step:
    percent = round(seen.remembered * 100)
    reason = f"You did “{unit.title}” before and still have about {percent} % of it. Seeing it again now keeps it."
    return Step(unit=unit, why=Why.REVIEW, reason=reason)


def _repeats(
    units: Sequence[Unit],
    known: Mapping[str, float],
    seen: Iterable[Seen],
    steps: Sequence[Step],
    minutes: int,
    room: int,
    names: Mapping[str, str],
) -> list[Step]:
    """For each skill that answers have shown to be weak, the first unit on it that was done and not seen just now.
    `room`: how many steps there may be with `steps`."""
    taken = {step.unit.id for step in steps} | {one.unit_id for one in seen if one.remembered >= _FRESH_FROM}
    found: list[Step] = []
    for skill in sorted(
        (skill for skill in known if known[skill] < WEAK_BELOW), key=lambda skill: (known[skill], skill)
    ):
        again = [unit for unit in units if skill in unit.skills and unit.done and unit.open]
        unit = min((unit for unit in again if unit.id not in taken), key=lambda unit: unit.place, default=None)
        if unit is None or unit.minutes > minutes or len(steps) + len(found) >= room:
            continue
        minutes -= unit.minutes
        taken.add(unit.id)
        reason = f"You did “{unit.title}” before. On {_named([skill], names)}, {_far([skill], known)}: see it again."
        found.append(Step(unit=unit, why=Why.REPEAT, reason=reason))
    return found


def _ready(unit: Unit, units: Mapping[str, Unit], finished: Collection[str]) -> bool:
    return all(needed in finished or needed not in units for needed in unit.after)


def _worths(units: Sequence[Unit], known: Mapping[str, float], goals: Collection[str]) -> dict[str, float]:
    """What each unit is worth: its own, or that of the worthiest unit that waits for it, if that is more.

    The worthiest hands on first, so whoever was reached once is worth no more by what comes later.
    """
    own = {unit.id: _own_worth(unit, known, goals) for unit in units}
    by_id = {unit.id: unit for unit in units}
    worth: dict[str, float] = {}
    for unit in sorted(units, key=lambda unit: -own[unit.id]):
        reached = [unit.id]
        while reached:
            id = reached.pop()
            if id in by_id and id not in worth:
                worth[id] = own[unit.id]
                reached += by_id[id].after if by_id[id].to_do else ()
    return worth


def _own_worth(unit: Unit, known: Mapping[str, float], goals: Collection[str]) -> float:
    gaps = [
        (_GOAL_WEIGHT if skill in goals else _PLAIN_WEIGHT) * (1 - known.get(skill, 0.0))
        for skill in unit.skills
        if known.get(skill, 0.0) < SECURE
    ]
    return max(gaps, default=0.0 if unit.skills else _NO_SKILL) + _LEAST


def _step(
    unit: Unit,
    units: Sequence[Unit],
    known: Mapping[str, float],
    goals: Collection[str],
    worth: Mapping[str, float],
    names: Mapping[str, str],
) -> Step:
    open_skills = [skill for skill in unit.skills if known.get(skill, 0.0) < SECURE]
    if wanted := [skill for skill in open_skills if skill in goals]:
        reason = f"{_named(wanted, names)} is one of your goals, and {_far(wanted, known)}."
        return Step(unit=unit, why=Why.GOAL, reason=reason)
    wanted_further = worth[unit.id] > _own_worth(unit, known, goals)
    if wanted_further and (not open_skills or worth[unit.id] > _MOST_WITHOUT_GOAL):
        further = next(
            other.title
            for other in units
            if other.to_do and unit.id in other.after and worth[other.id] == worth[unit.id]
        )
        return Step(unit=unit, why=Why.PREPARES, reason=f"“{further}” builds on it.")
    if open_skills:
        return Step(unit=unit, why=Why.GAP, reason=f"On {_named(open_skills, names)}, {_far(open_skills, known)}.")
    if unit.skills:
        reason = f"You seem to know {_named(unit.skills, names)} already; doing it completes the course."
        return Step(unit=unit, why=Why.NEXT, reason=reason)
    return Step(unit=unit, why=Why.NEXT, reason="It comes next in the course.")


def _minutes(steps: Iterable[Step]) -> int:
    return sum(step.unit.minutes for step in steps)


def _begun(step: Step, minutes: int) -> Step:
    there = "you have" if step.unit.minutes > minutes else "are left then"
    more = f"It takes about {step.unit.minutes} minutes, more than {there}: begin it."
    return replace(step, reason=f"{step.reason} {more}")


def _named(skills: Sequence[str], names: Mapping[str, str]) -> str:
    first = f"“{names.get(skills[0], skills[0])}”"
    return first if len(skills) == 1 else f"{first} (and {len(skills) - 1} more)"


def _far(skills: Sequence[str], known: Mapping[str, float]) -> str:
    if skills[0] not in known:
        return "you have not shown yet what you know"
    return f"the chance that you know it is {round(known[skills[0]] * 100)} % so far"
