"""What an import of people would do, worked out before anything is written. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, StringConstraints, ValidationError

from deployments.kit.csv_import import Faults, Row, RowOutcome
from deployments.kit.passwords import is_hash
from deployments.users.fields import Email, ExternalId, Name, Role
from deployments.users.repository.people import User
from deployments.users.roles import may_act_on, may_grant

REQUIRED = ("email", "first_name", "last_name", "role")
OPTIONAL = ("external_id", "password_hash", "invite")
# A hash that costs more would hold a core for minutes at every sign-in.
_HIGHEST_COST = 16
# The 22nd character of a salt holds four bits that are zero; bcrypt refuses others, but only when it compares.
_LAST_OF_SALT = ".Oeu"


def _usable_hash(text: str) -> str:
    if not is_hash(text) or not 4 <= int(text[4:6]) <= _HIGHEST_COST or text[28] not in _LAST_OF_SALT:
        raise ValueError(f"must be a bcrypt hash with a cost of 4 to {_HIGHEST_COST}")
    return text


class ImportedPerson(BaseModel):
    """One row, read. `password_hash` and `invite` matter to new people only."""

    email: Email
    first_name: Name
    last_name: Name
    role: Role
    external_id: ExternalId | None = None
    password_hash: Annotated[str, StringConstraints(max_length=60), AfterValidator(_usable_hash)] | None = None
    invite: bool = False


@dataclass(frozen=True, slots=True)
class Planned:
    """What becomes of one row. `person` is who was met, as they will be; None for somebody new."""

    row: Row
    wanted: ImportedPerson
    outcome: Literal["created", "updated", "unchanged"]
    person: User | None = None
    previous_email: str | None = None

    def report(self, created: dict[int, UUID]) -> RowOutcome:
        """The row's line of the report; `created` has the ids of new people by row."""
        id = self.person.id if self.person else created.get(self.row.number)
        return RowOutcome(row=self.row.number, outcome=self.outcome, id=id)


def read(rows: Iterable[Row], faults: Faults) -> list[tuple[Row, ImportedPerson]]:
    """The rows that are well-formed; what is wrong with the others goes to `faults`."""
    people = []
    for row in rows:
        try:
            # An empty cell is an absent one, so that a missing name is called missing.
            people.append((row, ImportedPerson.model_validate({k: v for k, v in row.values.items() if v})))
        except ValidationError as error:
            for item in error.errors(include_url=False, include_input=False):
                _add(faults, row, item)
    return people


def _add(faults: Faults, row: Row, item: Any) -> None:
    column = str(item["loc"][0]) if item["loc"] else None
    faults.add(row, column, item["type"], str(item["msg"]).removeprefix("Value error, "))


@dataclass
class Planner:
    """Matches rows with the people there are: by external id, else by e-mail address."""

    actor_role: str
    faults: Faults
    existing: Sequence[User]
    _by_email: dict[str, User] = field(init=False)
    _by_external_id: dict[str, User] = field(init=False)
    _seen: dict[tuple[str, object], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._by_email = {user.email: user for user in self.existing}
        self._by_external_id = {user.external_id: user for user in self.existing if user.external_id is not None}

    def plan(self, people: Iterable[tuple[Row, ImportedPerson]]) -> list[Planned]:
        """What becomes of each row that breaks no rule."""
        return [planned for row, wanted in people if (planned := self._plan(row, wanted)) is not None]

    def _plan(self, row: Row, wanted: ImportedPerson) -> Planned | None:
        if not may_grant(self.actor_role, wanted.role):
            self.faults.add(row, "role", "role_not_yours", "only a platform administrator may give this role")
        person = self._by_external_id.get(wanted.external_id or "") or self._by_email.get(wanted.email)
        self._once(row, "email", wanted.email)
        self._once(row, "external_id", wanted.external_id)
        self._once(row, None, person.id if person else None)
        if person is not None:
            self._check(row, wanted, person)
        if row in self.faults:
            return None
        return _met(row, wanted, person) if person else Planned(row, wanted, "created")

    def _once(self, row: Row, column: str | None, value: object) -> None:
        if value is None:
            return
        first = self._seen.setdefault((column or "person", value), row.number)
        if first != row.number and row not in self.faults:
            self.faults.add(row, column, "doubled", f"row {first} is about the same person")

    def _check(self, row: Row, wanted: ImportedPerson, person: User) -> None:
        owner = self._by_email.get(wanted.email, person)
        if owner.id != person.id:
            self.faults.add(row, "email", "email_taken", "somebody with another external id has this address")
        if wanted.external_id and person.external_id not in (None, wanted.external_id):
            self.faults.add(row, "external_id", "external_id_differs", "this address has another external id")
        if not may_act_on(self.actor_role, person.role):
            self.faults.add(row, None, "role_not_yours", "only a platform administrator may change this person")


def _met(row: Row, wanted: ImportedPerson, person: User) -> Planned:
    amended = replace(
        person,
        email=wanted.email,
        first_name=wanted.first_name,
        last_name=wanted.last_name,
        external_id=wanted.external_id or person.external_id,
    )
    if amended == person:
        return Planned(row, wanted, "unchanged", person)
    moved = person.email if amended.email != person.email else None
    return Planned(row, wanted, "updated", amended, moved)
