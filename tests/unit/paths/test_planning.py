"""Paths keep their promises whatever the course: in time, in order, nothing twice, reasons given."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from learning.paths.planning import plan
from learning.paths.reviewing import Review, seen
from learning.paths.units import Seen, Unit, Why

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
SKILLS = ["a", "b", "c"]


@st.composite
def courses(draw: st.DrawFn) -> list[Unit]:
    count = draw(st.integers(0, 8))
    return [
        Unit(
            id=str(place),
            title=f"Unit {place}",
            place=place,
            minutes=draw(st.integers(1, 40)),
            skills=tuple(draw(st.sets(st.sampled_from(SKILLS), max_size=2))),
            after=tuple(str(other) for other in draw(st.sets(st.integers(0, 7), max_size=2)) if other != place),
            done=draw(st.booleans()),
            open=draw(st.booleans()),
        )
        for place in range(count)
    ]


def ready(unit: Unit, units: list[Unit]) -> bool:
    return not set(unit.after) & {other.id for other in units if other.to_do}


@given(
    units=courses(),
    known=st.dictionaries(st.sampled_from(SKILLS), st.floats(0, 1)),
    minutes=st.integers(0, 120),
    goals=st.sets(st.sampled_from(SKILLS)),
    remembered=st.floats(0, 1),
)
def test_a_path_keeps_its_promises(
    units: list[Unit], known: dict[str, float], minutes: int, goals: set[str], remembered: float
) -> None:
    before = [Seen(unit_id=unit.id, due=NOW - timedelta(days=1), remembered=remembered) for unit in units]
    steps = plan(units, known, now=NOW, minutes=minutes, goals=goals, seen=before, most=5)
    assert steps == plan(units, known, now=NOW, minutes=minutes, goals=goals, seen=before, most=5)
    new = [one for one in units if one.to_do and ready(one, units)]
    spent, last = sum(step.unit.minutes for step in steps), sum(step.unit.minutes for step in steps[-1:])
    if spent > minutes:
        assert steps[-1].reason.endswith("begin it.")
        assert spent - last <= minutes
        assert not [one for one in new if spent - last + one.minutes <= minutes]
    if new and spent < minutes and len(steps) < 5:
        assert not all(step.unit.done for step in steps)
    assert steps or not new
    if any(one.minutes <= 0.6 * minutes for one in new):
        assert any(not step.unit.done and not step.reason.endswith("begin it.") for step in steps)
    fading = [unit for unit in units if unit.done and unit.open]
    assert steps or not fading
    assert len(steps) <= 5
    assert len({step.unit.id for step in steps}) == len(steps)
    finished = {unit.id for unit in units if not unit.to_do}
    for step in steps:
        assert step.reason
        assert step.unit.done == (step.why in (Why.REVIEW, Why.REPEAT))
        assert step.unit.open
        there = {unit.id for unit in units}
        assert step.unit.done or all(needed in finished for needed in step.unit.after if needed in there)
        finished.add(step.unit.id)


def unit(place: int, **fields: object) -> Unit:
    return Unit(**{"id": str(place), "title": f"Unit {place}", "place": place, "minutes": 10, **fields})  # type: ignore[arg-type]


def test_a_goal_comes_first_and_what_it_needs_before_it() -> None:
    units = [unit(0, skills=("b",)), unit(1), unit(2, skills=("a",), after=("1",))]
    steps = plan(units, {"b": 0.2}, now=NOW, minutes=60, goals={"a"})
    assert [(step.unit.id, step.why) for step in steps] == [("1", Why.PREPARES), ("2", Why.GOAL), ("0", Why.GAP)]
    assert "Unit 2" in steps[0].reason


def test_nothing_prepares_what_cannot_be_done_now() -> None:
    units = [unit(0), unit(1, skills=("a",), after=("0",), open=False), unit(2, after=("1",))]
    steps = plan(units, {}, now=NOW, minutes=60, goals={"a"})
    assert [(step.unit.id, step.why) for step in steps] == [("0", Why.NEXT), ("2", Why.NEXT)]


def test_where_nothing_fits_the_worthiest_is_to_be_begun() -> None:
    units = [unit(0, minutes=30), unit(1, minutes=40, skills=("a",)), unit(2, minutes=5, after=("0",))]
    [step] = plan(units, {}, now=NOW, minutes=20, names={"a": "Fractions"})
    assert step.unit.id == "1"
    assert step.reason.startswith("On “Fractions”, you have not shown yet what you know.")
    assert step.reason.endswith("It takes about 40 minutes, more than you have: begin it.")
    assert [step.unit.id for step in plan(units, {}, now=NOW, minutes=35)] == ["0", "2"]


def test_reviews_leave_room_for_what_is_new() -> None:
    units = [unit(0, minutes=3, done=True), unit(1, minutes=50)]
    before = [Seen(unit_id="0", due=NOW, remembered=0.5)]
    again, begun = plan(units, {}, now=NOW, minutes=45, seen=before)
    assert (again.why, begun.unit.id) == (Why.REVIEW, "1")
    assert begun.reason.endswith("begin it.")
    units = [unit(0, minutes=44, done=True), unit(1, minutes=5)]
    assert [step.unit.id for step in plan(units, {}, now=NOW, minutes=45, seen=before)] == ["1"]
    [step] = plan([unit(0, minutes=60, done=True)], {}, now=NOW, minutes=45, seen=before)
    assert (step.why, step.reason.endswith("begin it.")) == (Why.REVIEW, True)


def test_what_was_done_never_takes_every_step() -> None:
    units = [*(unit(place, done=True) for place in range(9)), unit(9), unit(10)]
    before = [Seen(unit_id=str(place), due=NOW, remembered=0.5) for place in range(9)]
    steps = plan(units, {}, now=NOW, minutes=600, seen=before, most=3)
    assert [step.why for step in steps] == [Why.REVIEW, Why.REVIEW, Why.NEXT]
    assert [step.why for step in plan(units, {}, now=NOW, minutes=600, seen=before, most=1)] == [Why.REVIEW]


def test_repeats_leave_time_for_what_is_new() -> None:
    weak = {f"s{place}": 0.1 for place in range(5)}
    units = [*(unit(place, skills=(f"s{place}",), done=True) for place in range(5)), unit(5, minutes=25)]
    assert [step.why for step in plan(units, weak, now=NOW, minutes=50)] == [Why.REPEAT, Why.REPEAT, Why.NEXT]
    before = [Seen(unit_id="0", due=NOW, remembered=0.5)]
    *_, begun = plan(units, weak, now=NOW, minutes=30, seen=before)
    assert begun.reason.endswith("It takes about 25 minutes, more than are left then: begin it.")


def test_the_most_faded_is_seen_again_if_it_fits_at_all() -> None:
    units = [unit(0, minutes=15, done=True), unit(1, minutes=4, done=True), unit(2, minutes=30, done=True)]
    before = [Seen(unit_id=str(place), due=NOW, remembered=share) for place, share in enumerate([0.5, 0.6, 0.1])]
    assert [step.unit.id for step in plan(units, {}, now=NOW, minutes=20, seen=before)] == ["0"]
    assert [step.unit.id for step in plan(units, {}, now=NOW, minutes=60, seen=before)] == ["2"]


def test_what_is_known_comes_last() -> None:
    units = [unit(0, skills=("a",)), unit(1, skills=("b",))]
    assert [step.unit.id for step in plan(units, {"a": 0.95, "b": 0.4}, now=NOW, minutes=60)] == ["1", "0"]


def test_what_went_well_is_seen_again_later_and_forgetting_takes_time() -> None:
    well = seen("u", [Review(NOW, 1.0)], NOW + timedelta(days=3))
    badly = seen("u", [Review(NOW, 0.1)], NOW + timedelta(days=3))
    later = seen("u", [Review(NOW, 1.0)], NOW + timedelta(days=90))
    assert well is not None
    assert badly is not None
    assert later is not None
    assert well.due > badly.due
    assert badly.remembered < well.remembered
    assert later.remembered < well.remembered
    assert seen("u", [], NOW) is None
    assert well == seen("u", [Review(NOW, 1.0)], NOW + timedelta(days=3))


def test_what_was_done_and_is_weak_is_gone_through_again_unless_seen_just_now() -> None:
    units = [unit(0, skills=("a",), done=True), unit(1, skills=("a",), done=True)]
    [step] = plan(units, {"a": 0.2}, now=NOW, minutes=15, names={"a": "Fractions"})
    assert (step.unit.id, step.why) == ("0", Why.REPEAT)
    assert "On “Fractions”, the chance that you know it is 20 % so far" in step.reason
    fresh = [Seen(unit_id="0", due=NOW + timedelta(days=2), remembered=1.0)]
    assert [step.unit.id for step in plan(units, {"a": 0.2}, now=NOW, minutes=15, seen=fresh)] == ["1"]
    assert plan(units, {"a": 0.7}, now=NOW, minutes=15) == []
