"""What an import would do, worked out without a database."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import bcrypt
from hypothesis import given
from hypothesis import strategies as st

from deployments.kit.csv_import import Faults, Row
from deployments.users.import_plan import ImportedPerson, Planned, Planner, read
from deployments.users.repository.people import User
from stores.ids import new_id

NOW = datetime(2026, 1, 1, tzinfo=UTC)
_ID = st.one_of(st.none(), st.sampled_from(["1", "2", "3"]))
_EMAIL = st.sampled_from(["a@x.org", "b@x.org", "c@x.org"])


def _row(number: int, email: str, external_id: str | None = None, role: str = "student", **more: str) -> Row:
    values = {"email": email, "first_name": "A", "last_name": "B", "role": role, "external_id": external_id or ""}
    return Row(number, {**values, **more})


def _user(email: str, external_id: str | None = None, role: str = "student") -> User:
    return User(
        id=new_id(), org_id=UUID(int=1), email=email, first_name="A", last_name="B", role=role, status="active", bio="",
        locale="en", timezone="UTC", external_id=external_id, password_hash=None, revision=1, created_at=NOW,
        updated_at=NOW,
    )  # fmt: skip


def _plan(
    rows: list[Row], existing: list[User], actor: str = "org_admin"
) -> tuple[list[Planned], list[tuple[int, str]]]:
    faults = Faults()
    planned = Planner(actor, faults, existing).plan(read(rows, faults))
    return planned, [(fault.row, fault.code) for fault in faults.found]


def test_the_external_id_goes_before_the_address() -> None:
    known = _user("old@x.org", "1")
    [planned], faults = _plan([_row(2, "new@x.org", "1")], [known])
    assert faults == []
    assert planned.person is not None
    assert (planned.person.id, planned.person.email, planned.previous_email) == (known.id, "new@x.org", "old@x.org")


def test_an_address_is_not_taken_from_somebody_else() -> None:
    _, faults = _plan([_row(2, "b@x.org", "1")], [_user("a@x.org", "1"), _user("b@x.org", "2")])
    assert faults == [(2, "email_taken"), (2, "external_id_differs")] or faults == [(2, "email_taken")]


def test_an_address_with_another_external_id_is_somebody_else() -> None:
    _, faults = _plan([_row(2, "a@x.org", "2")], [_user("a@x.org", "1")])
    assert faults == [(2, "external_id_differs")]


def test_two_rows_about_one_person() -> None:
    _, faults = _plan([_row(2, "a@x.org"), _row(3, "b@x.org", "1")], [_user("a@x.org", "1")])
    assert faults == [(3, "doubled")]


def test_roles_that_are_not_yours() -> None:
    rows = [_row(2, "a@x.org", role="platform_admin")]
    assert _plan(rows, [])[1] == [(2, "role_not_yours")]
    assert _plan(rows, [], "platform_admin")[1] == []
    known = [_user("a@x.org", role="platform_admin")]
    assert _plan([_row(2, "a@x.org")], known)[1] == [(2, "role_not_yours")]
    assert _plan([_row(2, "a@x.org")], known, "platform_admin")[1] == []


def test_hashes_that_bcrypt_would_choke_on_are_refused() -> None:
    good = bcrypt.hashpw(b"x", bcrypt.gensalt(4)).decode()
    bad = [
        good[:-1],
        good.replace("$2b$", "$2x$"),
        good.replace("$04$", "$31$"),
        good.replace("$04$", "$03$"),
        good[:28] + "/" + good[29:],
        "x",
    ]
    assert _plan([_row(2, "a@x.org", password_hash=good)], [])[1] == []
    for hashed in bad:
        assert _plan([_row(2, "a@x.org", password_hash=hashed)], [])[1] == [(2, "value_error")], hashed


@given(
    st.lists(st.tuples(_EMAIL, _ID), max_size=5),
    st.lists(_EMAIL, unique=True, max_size=3),
    st.lists(_ID, min_size=3, max_size=3),
)
def test_a_plan_never_makes_two_people_one(
    wanted: list[tuple[str, str | None]], emails: list[str], ids: list[str | None]
) -> None:
    external_ids = [id if id not in ids[:n] else None for n, id in enumerate(ids)]
    existing = [_user(email, id) for email, id in zip(emails, external_ids, strict=False)]
    rows = [_row(n, email, id) for n, (email, id) in enumerate(wanted, 2)]
    planned, faults = _plan(rows, existing)
    assert {one.row.number for one in planned} | {row for row, _ in faults} == {row.number for row in rows}
    if faults:
        return
    after = {user.id: (user.email, user.external_id) for user in existing}
    after |= {one.person.id: (one.person.email, one.person.external_id) for one in planned if one.person}
    new = [(one.wanted.email, one.wanted.external_id) for one in planned if one.outcome == "created"]
    everybody = [*after.values(), *new]
    assert len({email for email, _ in everybody}) == len(everybody)
    known_ids = [id for _, id in everybody if id is not None]
    assert len(set(known_ids)) == len(known_ids)


def test_rows_are_read_once_each() -> None:
    faults = Faults()
    [(row, person)] = read([_row(2, "A@x.org", invite="TRUE")], faults)
    assert (row.number, person.email, person.invite) == (2, "a@x.org", True)
    assert isinstance(person, ImportedPerson)
