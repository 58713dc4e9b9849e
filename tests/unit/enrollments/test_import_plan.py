"""What an import would do, without a database."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from deployments.enrollments.import_plan import judge, match, read
from deployments.enrollments.lifecycle import Status
from deployments.enrollments.repository.imports import Person
from deployments.enrollments.repository.rows import Course, Enrollment
from deployments.kit.csv_import import Faults, Row

PEOPLE = [Person(id=UUID(int=n), email=f"p{n}@example.org", external_id=f"e{n}", active=n != 9) for n in range(10)]
IDS = [UUID(int=1000 + n) for n in range(3)]


def course(id: UUID, capacity: int | None = None, status: str = "published") -> Course:
    return Course(
        id=id,
        title="",
        status=status,
        instructor_id=UUID(int=0),
        capacity=capacity,
        access_days=None,
        version_id=id,
        price=Decimal(0),
    )


def enrollment(course_id: UUID, user_id: UUID, status: Status) -> Enrollment:
    return Enrollment(
        id=UUID(int=course_id.int * 100 + user_id.int), org_id=UUID(int=1), user_id=user_id, course_id=course_id,
        version_id=course_id, status=status, overdue=False, progress=Decimal(0), score=None, revision=1,
        enrolled_at=None, completed_at=None,
    )  # fmt: skip


rows_of_pairs = st.lists(st.tuples(st.sampled_from(IDS), st.integers(0, 11)), max_size=20)
states = st.dictionaries(
    st.tuples(st.sampled_from(IDS), st.sampled_from([p.id for p in PEOPLE])), st.sampled_from(list(Status)), max_size=12
)


@given(rows_of_pairs, st.dictionaries(st.sampled_from(IDS), st.none() | st.integers(1, 4)), states, st.booleans())
def test_every_row_is_planned_once_or_at_fault(
    pairs: list[tuple[UUID, int]],
    capacities: dict[UUID, int | None],
    existing: dict[tuple[UUID, UUID], Status],
    force: bool,
) -> None:
    courses = {id: course(id, capacity) for id, capacity in capacities.items()}
    rows = [
        Row(number, {"course_id": str(id), "email": f"P{n}@example.org"}) for number, (id, n) in enumerate(pairs, 2)
    ]
    faults = Faults()
    matches = match(read(rows, faults, None), courses, PEOPLE, faults)
    met = {pair: enrollment(*pair, status) for pair, status in existing.items()}
    claimed = {
        id: sum(e.course_id == id and e.status in (Status.ACTIVE, Status.WAITLISTED) for e in met.values())
        for id in IDS
    }
    planned = judge(matches, met, frozenset(), claimed, faults, force=force)
    assert len(planned) + len({fault.row for fault in faults.found}) == len(rows)
    assert len({one.match.pair for one in planned}) == len(planned)
    for one in planned:
        status = existing.get(one.match.pair)
        expected = {
            None: "created", Status.DROPPED: "readmitted", Status.EXPIRED: "readmitted",
        }.get(status, "unchanged")  # fmt: skip
        assert one.outcome == expected
    if not force:
        for id, capacity in capacities.items():
            new = sum(one.match.course.id == id and one.outcome != "unchanged" for one in planned)
            assert capacity is None or not new or claimed[id] + new <= capacity


def test_the_course_of_the_query_stands_in() -> None:
    faults = Faults()
    rows = [Row(2, {"email": "p1@example.org"}), Row(3, {"external_id": "e2", "course_id": str(IDS[1])})]
    matches = match(read(rows, faults, IDS[0]), {id: course(id) for id in IDS}, PEOPLE, faults)
    assert [one.pair for one in matches] == [(IDS[0], PEOPLE[1].id), (IDS[1], PEOPLE[2].id)]
    assert faults.found == []


def test_the_waiting_list_has_room_for_all() -> None:
    faults = Faults()
    rows = [Row(n, {"email": f"p{n}@example.org", "status": "waitlisted"}) for n in range(2, 8)]
    matches = match(read(rows, faults, IDS[0]), {IDS[0]: course(IDS[0], 1)}, PEOPLE, faults)
    assert len(judge(matches, {}, frozenset(), {IDS[0]: 1}, faults, force=False)) == 6
    assert faults.found == []
