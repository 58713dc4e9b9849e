"""What an import of enrolments would do, worked out before anything is written. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, StringConstraints, ValidationError

from deployments.enrollments.lifecycle import Action, Status, allowed
from deployments.enrollments.repository.imports import Pair, Person
from deployments.enrollments.repository.rows import Course, Enrollment
from deployments.kit.csv_import import Faults, Row, RowOutcome

COLUMNS = ("course_id", "email", "external_id", "status", "enrolled_at")
_YEARS = range(1970, 9999)  # and of those only the past; far ones have no UTC equivalent


def _past(moment: datetime) -> datetime:
    if moment.year not in _YEARS:
        raise ValueError("must not lie in the future, nor before 1970")
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    if moment > datetime.now(UTC):
        raise ValueError("must not lie in the future, nor before 1970")
    return moment


class ImportedEnrollment(BaseModel):
    """One row, read. Times without an offset are UTC."""

    course_id: UUID
    email: Annotated[str, StringConstraints(max_length=255, to_lower=True)] | None = None
    external_id: Annotated[str, StringConstraints(max_length=255)] | None = None
    status: Literal[Status.ACTIVE, Status.WAITLISTED] = Status.ACTIVE
    enrolled_at: Annotated[datetime, AfterValidator(_past)] | None = None


Entry = tuple[Row, ImportedEnrollment]


def read(rows: Iterable[Row], faults: Faults, course_id: UUID | None) -> list[Entry]:
    """The rows that are well-formed; what is wrong with the others goes to `faults`."""
    default = {} if course_id is None else {"course_id": str(course_id)}
    entries = []
    for row in rows:
        given = default | {column: cell for column, cell in row.values.items() if cell}
        try:
            entry = ImportedEnrollment.model_validate(given)
        except ValidationError as error:
            for item in error.errors(include_url=False, include_input=False):
                _add(faults, row, item)
            continue
        if entry.email is None and entry.external_id is None:
            faults.add(row, None, "missing", "needs an email or an external_id")
        else:
            entries.append((row, entry))
    return entries


def _add(faults: Faults, row: Row, item: Any) -> None:
    column = str(item["loc"][0]) if item["loc"] else None
    faults.add(row, column, item["type"], str(item["msg"]).removeprefix("Value error, "))


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A row whose course and person exist and may come together."""

    row: Row
    wanted: ImportedEnrollment
    course: Course
    person: Person

    @property
    def pair(self) -> Pair:
        return self.course.id, self.person.id


def match(
    entries: Iterable[Entry], courses: Mapping[UUID, Course], people: Iterable[Person], faults: Faults
) -> list[Match]:
    """Find each row's course and person. Every pair of them may occur once."""
    known = list(people)
    by_email = {person.email: person for person in known}
    by_external_id = {person.external_id: person for person in known if person.external_id}
    found: dict[Pair, Match] = {}
    for row, wanted in entries:
        course = _course(row, courses.get(wanted.course_id), faults)
        person = _person(row, wanted, by_email, by_external_id, faults)
        if course is None or person is None:
            continue
        one = Match(row=row, wanted=wanted, course=course, person=person)
        first = found.setdefault(one.pair, one)
        if first is not one:
            faults.add(row, None, "doubled", f"row {first.row.number} enrols the same person in the same course")
    return list(found.values())


def _course(row: Row, course: Course | None, faults: Faults) -> Course | None:
    if course is None:
        faults.add(row, "course_id", "unknown_course", "there is no such course")
    elif not course.open:
        faults.add(row, "course_id", "course_not_open", f"the course is {course.status}")
    else:
        return course
    return None


def _person(
    row: Row,
    wanted: ImportedEnrollment,
    by_email: Mapping[str, Person],
    by_external_id: Mapping[str, Person],
    faults: Faults,
) -> Person | None:
    column = "email" if wanted.external_id is None else "external_id"
    person = by_email.get(wanted.email or "") if column == "email" else by_external_id.get(wanted.external_id or "")
    if person is None:
        faults.add(row, column, "unknown_person", "there is no such person")
    elif wanted.email is not None and person.email != wanted.email:
        faults.add(row, "email", "different_person", "is not the address of the person with this external_id")
    elif not person.active:
        faults.add(row, column, "person_inactive", "the person's account is not active")
    else:
        return person
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """What becomes of one row. `enrollment` is the one that was met; None where there was none."""

    match: Match
    outcome: Literal["created", "readmitted", "unchanged"]
    enrollment: Enrollment | None

    def report(self, created: Mapping[Pair, UUID]) -> RowOutcome:
        """The row's line of the report; `created` has the ids of new enrolments."""
        id = self.enrollment.id if self.enrollment else created.get(self.match.pair)
        return RowOutcome(row=self.match.row.number, outcome=self.outcome, id=id)


def judge(
    matches: Sequence[Match],
    existing: Mapping[Pair, Enrollment],
    unprepared: AbstractSet[Pair],
    claimed: Mapping[UUID, int],
    faults: Faults,
    *,
    force: bool,
) -> list[Planned]:
    """What becomes of each row.

    `unprepared` are the pairs whose prerequisites are missing, `claimed` the seats taken or waited for by course: those
    who wait go before those of the file. Neither counts with `force`, nor for whoever is enrolled already.
    """
    planned = [_outcome(one, existing.get(one.pair)) for one in matches]
    taken = dict(claimed)
    for one in planned:
        if force or one.outcome == "unchanged":
            continue
        if one.match.pair in unprepared:
            faults.add(one.match.row, None, "prerequisites_missing", "other courses must be completed first")
        if one.match.wanted.status is Status.ACTIVE:
            course = one.match.course
            taken[course.id] = taken.get(course.id, 0) + 1
            if course.capacity is not None and taken[course.id] > course.capacity:
                faults.add(one.match.row, None, "course_full", "no seat is left; use force, or the waiting list")
    return [one for one in planned if one.match.row not in faults]


def _outcome(one: Match, enrollment: Enrollment | None) -> Planned:
    if enrollment is None:
        return Planned(match=one, outcome="created", enrollment=None)
    back = allowed(enrollment.status, Action.ENROL)
    return Planned(match=one, outcome="readmitted" if back else "unchanged", enrollment=enrollment)
