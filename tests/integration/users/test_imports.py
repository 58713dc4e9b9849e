"""Importing people: wholly or not at all."""

from __future__ import annotations

import csv
import io
from typing import Any

import bcrypt
import httpx
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from configs.settings import Settings
from stores.ids import new_id
from tests.integration.users.support import (
    NEW_PASSWORD,
    events,
    mails,
    problem,
    refreshes,
    rows,
    token_in,
    try_sign_in,
)
from tests.platform import Account, Organisation, Platform

HEADER = "email,first_name,last_name,role"
_FIXTURES = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


async def _import(person: Account, text: str | bytes, **params: str) -> httpx.Response:
    body = text.encode() if isinstance(text, str) else text
    return await person.http.post(
        "/api/users/imports", content=body, params=params, headers={"content-type": "text/csv"}
    )


def _faults(answer: httpx.Response) -> list[tuple[str, str]]:
    assert (answer.status_code, problem(answer)) == (422, "import-refused"), answer.text
    return [(error["pointer"].removeprefix("/body/rows/"), error["code"]) for error in answer.json()["errors"]]


async def _people(platform: Platform, org: Organisation) -> list[dict[str, Any]]:
    return await rows(platform, org, "select * from users order by id")


async def test_creating_updating_and_leaving_alone(platform: Platform) -> None:
    org = await platform.create_organisation("closed")
    admin = await org.person("org_admin")
    first = f"{HEADER},external_id\nada@x.org,Ada,Lovelace,student,1\ngrace@x.org,Grace,Hopper,instructor,\n"
    answer = await _import(admin, first)
    assert answer.status_code == 201, answer.text
    report = answer.json()
    assert report["counts"] == {"created": 2}
    assert [item["row"] for item in report["items"]] == [2, 3]
    ada, grace = (item["id"] for item in report["items"])
    assert await events(platform, org, "user.imported.v1", ada)
    assert (await _import(admin, first)).json()["counts"] == {"unchanged": 2}
    second = (
        f"{HEADER},external_id\nada.king@x.org,Ada,King,student,1\nGRACE@x.org,Grace,Hopper,student,2\n"
        "new@x.org,New,One,auditor,3\n"
    )
    report = (await _import(admin, second)).json()
    assert report["counts"] == {"updated": 2, "created": 1}
    assert [item["id"] for item in report["items"]][:2] == [ada, grace]
    people = {str(row["id"]): row for row in await _people(platform, org)}
    assert (people[ada]["email"], people[ada]["last_name"]) == ("ada.king@x.org", "King")
    assert (people[grace]["external_id"], people[grace]["role"]) == ("2", "instructor")  # roles are not imported over
    assert "e-mail address was changed" in (await mails(platform, org, "ada@x.org"))[0]["subject"]
    assert await events(platform, org, "user.updated.v1", ada)
    assert not await mails(platform, org, "new@x.org")


async def test_hashes_of_other_systems_and_invitations(platform: Platform) -> None:
    org = await platform.create_organisation()
    admin = await org.person("org_admin")
    hashed = bcrypt.hashpw(b"from elsewhere", bcrypt.gensalt(4)).decode().replace("$2b$", "$2y$")
    text = f"{HEADER};password_hash;invite".replace(",", ";") + (
        f"\r\na@x.org;A;A;student;{hashed};\r\nb@x.org;B;B;student;;true\r\nc@x.org;C;C;student;;false\r\n"
    )
    answer = await _import(admin, b"\xef\xbb\xbf" + text.encode())
    assert answer.status_code == 201, answer.text
    assert await try_sign_in(platform, org, "a@x.org", "from elsewhere") == 201
    assert [len(await mails(platform, org, f"{name}@x.org")) for name in "abc"] == [0, 1, 0]
    token = token_in((await mails(platform, org, "b@x.org"))[0])
    body = {"token": token, "password": NEW_PASSWORD}
    assert (await platform.http.post("/api/users/password-resets/confirm", json=body)).status_code == 204
    assert await try_sign_in(platform, org, "b@x.org", NEW_PASSWORD) == 201


async def test_every_bad_row_is_named_and_nothing_is_written(platform: Platform) -> None:
    org = await platform.create_organisation()
    admin, person = await org.person("org_admin"), await org.person(fresh=True)
    await _import(admin, f"{HEADER},external_id\nknown@x.org,K,K,student,k1\n")
    before = await _people(platform, org)
    sorry_salt = "$2b$04$" + "." * 21 + "/" + "." * 31
    text = f"{HEADER},external_id,password_hash,invite\n" + "\n".join(
        [
            "good@x.org,Good,One,student,,,",  # 2
            "nobody,A,B,student,,,",
            "c@x.org,,B,student,,,",
            "d@x.org,A,B,headmaster,,,",
            "e@x.org,A,B,platform_admin,,,",
            "good@x.org,A,B,student,,,",  # 7
            "g@x.org,A,B,student,s1,,",
            "h@x.org,A,B,student,s1,,",
            f"i@x.org,A,B,student,,{sorry_salt},",
            "j@x.org,A,B,student,,not a hash,",
            "k@x.org,A,B,student,,,perhaps",  # 12
            "known@x.org,K,K,student,k2,,",
            f"{person.email},A,B,student,k1,,",
            "l@x.org,A\tB,C,student,,,",
        ]
    )
    assert _faults(await _import(admin, text)) == [
        ("3/email", "value_error"),
        ("4/first_name", "missing"),
        ("5/role", "literal_error"),
        ("6/role", "role_not_yours"),
        ("7/email", "doubled"),
        ("9/external_id", "doubled"),
        ("10/password_hash", "value_error"),
        ("11/password_hash", "value_error"),
        ("12/invite", "bool_parsing"),
        ("13/external_id", "external_id_differs"),
        ("14", "doubled"),
        ("14/email", "email_taken"),
        ("15/first_name", "string_pattern_mismatch"),
    ]
    assert await _people(platform, org) == before
    dry = await _import(admin, text, dry_run="true")
    assert dry.status_code == 200
    assert dry.json()["applied"] is False
    assert dry.json()["counts"] == {"created": 2, "invalid": 12}
    assert await _people(platform, org) == before


async def test_a_dry_run_says_what_would_happen(platform: Platform) -> None:
    org = await platform.create_organisation()
    admin = await org.person("org_admin")
    await _import(admin, f"{HEADER}\na@x.org,A,A,student\nb@x.org,B,B,student\n")
    before = await _people(platform, org)
    answer = await _import(
        admin, f"{HEADER}\na@x.org,A,A,student\nb@x.org,B,C,student\nc@x.org,C,C,student\n", dry_run="1"
    )
    assert answer.status_code == 200
    assert answer.json()["counts"] == {"unchanged": 1, "updated": 1, "created": 1}
    assert [item["id"] is None for item in answer.json()["items"]] == [False, False, True]
    assert await _people(platform, org) == before


async def test_importing_reaches_no_platform_administrator(platform: Platform) -> None:
    org = await platform.create_organisation()
    admin, top = await org.person("org_admin"), await org.person("platform_admin")
    text = f"{HEADER}\n{top.email},Mine,Now,student\n"
    assert _faults(await _import(admin, text)) == [("2", "role_not_yours")]
    assert (await _import(top, text)).json()["counts"] == {"updated": 1}
    assert (await _import(top, f"{HEADER}\nt@x.org,T,T,platform_admin\n")).json()["counts"] == {"created": 1}


async def test_importing_the_same_people_again_ends_no_session(platform: Platform) -> None:
    org = await platform.create_organisation()
    admin, person = await org.person("org_admin"), await org.person(fresh=True)
    assert (await _import(admin, f"{HEADER}\n{person.email},Ada,Lovelace,student\n")).status_code == 201
    assert await refreshes(platform, person)


async def test_erased_people_are_not_met_again(platform: Platform) -> None:
    org = await platform.create_organisation()
    admin = await org.person("org_admin")
    text = f"{HEADER},external_id\na@x.org,A,A,student,1\n"
    [first] = (await _import(admin, text)).json()["items"]
    assert (await admin.http.post(f"/api/users/{first['id']}/erase")).status_code == 200
    [second] = (await _import(admin, text)).json()["items"]
    assert second["outcome"] == "created"
    assert second["id"] != first["id"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "missing_column"),
        (b"\xff\xfe\xff", "encoding"),
        (b"email,role\n", "missing_column"),
        (f"{HEADER},salary\n".encode(), "unknown_column"),
        (f"{HEADER}\n".encode(), "empty"),
        (f"{HEADER}\na@x.org,A,A,student,more\n".encode(), "too_many_cells"),
        (f'{HEADER}\n"a@x.org"x,A,A,student\n'.encode(), "malformed"),
        (f"{HEADER}\na@x.org,A\0,A,student\n".encode(), "null_character"),
    ],
)
async def test_what_is_no_table_of_people(platform: Platform, body: bytes, code: str) -> None:
    org = await platform.create_organisation()
    answer = await _import(await org.person("org_admin"), body)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, code)


async def test_other_media_types_and_sizes(platform: Platform, settings: Settings) -> None:
    org = await platform.create_organisation()
    admin = await org.person("org_admin")
    answer = await admin.http.post("/api/users/imports", json={})
    assert answer.status_code == 415
    # Above what other routes take, and above what this one takes.
    text = f"{HEADER}\n" + f"{' ' * 100_000}\n" * (settings.max_body_bytes // 100_000 + 1) + "a@x.org,A,A,student\n"
    assert (await _import(admin, text)).status_code == 201
    assert (await _import(admin, b"\n" * (settings.max_import_bytes + 1))).status_code == 413
    profile = {"bio": "x" * (settings.max_body_bytes + 1)}
    assert (await admin.http.patch("/api/users/me", json=profile)).status_code == 413


async def test_twenty_thousand_people(platform: Platform) -> None:
    org = await platform.create_organisation()
    admin = await org.person("org_admin")
    lines = [f"p{n}@x.org,First {n},Last {n},student,{n},true" for n in range(20_000)]
    text = f"{HEADER},external_id,invite\n" + "\n".join(lines)
    answer = await _import(admin, text)
    assert answer.status_code == 201
    assert answer.json()["counts"] == {"created": 20_000}
    for table, wanted in (("users", 20_001), ("mails", 20_000), ("password_resets", 20_000)):
        assert (await rows(platform, org, f"select count(*) from {table}"))[0]["count"] == wanted
    imported = "select count(*) from outbox where event ->> 'type' = 'azora.user.imported.v1'"
    assert (await rows(platform, org, imported))[0]["count"] == 20_000
    assert (await _import(admin, text)).json()["counts"] == {"unchanged": 20_000}
    assert (await _import(admin, text.replace("Last", "L"))).json()["counts"] == {"updated": 20_000}


async def test_too_many_people(platform: Platform) -> None:
    org = await platform.create_organisation()
    text = f"{HEADER}\n" + "\n".join(f"p{n}@x.org,A,B,student" for n in range(50_001))
    answer = await _import(await org.person("org_admin"), text)
    assert answer.json()["errors"][0]["code"] == "too_many_rows"


# Whatever is sent

_CELL = st.one_of(
    st.sampled_from(
        ["", " ", "a@x.org", "A@x.org ", "b@x.org", "student", "org_admin", "platform_admin", "1", "2", "true", "x"]
    ),
    st.text(max_size=12),
)
_TABLE = st.lists(st.lists(_CELL, min_size=4, max_size=7), max_size=6)


def _csv(table: list[list[str]], delimiter: str) -> bytes:
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=delimiter)
    writer.writerow([*HEADER.split(","), "external_id", "password_hash", "invite"])
    writer.writerows(table)
    return buffer.getvalue().encode("utf-8", "replace")


_BODIES = st.one_of(
    st.binary(max_size=300),
    st.binary(max_size=100).map(lambda tail: f"{HEADER}\na@x.org,A,A,student\n".encode() + tail),
    st.builds(_csv, _TABLE, st.sampled_from(",;\t")),
)


@settings(max_examples=150, deadline=None, suppress_health_check=_FIXTURES)
@given(body=_BODIES, dry_run=st.sampled_from(["true", "false"]))
@example(body=b'email,first_name,last_name,role\n"a@x.org', dry_run="false")
@example(body=("email,first_name,last_name,role\n" + "x" * 200_000).encode(), dry_run="false")
async def test_any_bytes(platform: Platform, body: bytes, dry_run: str) -> None:
    """Never an error of the server's; and either every row is reported and written, or nothing is."""
    org = await platform.create_organisation()
    admin = await org.person("org_admin", fresh=True)
    before = await _people(platform, org)
    answer = await _import(admin, body, dry_run=dry_run)
    after = await _people(platform, org)
    assert answer.status_code in {200, 201, 422}, answer.text
    if answer.status_code == 201:
        report = answer.json()
        assert report["applied"]
        assert len(report["items"]) == report["rows"]
        assert len(after) - len(before) == report["counts"].get("created", 0)
    else:
        assert after == before


_ROWS = st.lists(
    st.tuples(st.integers(0, 4), st.sampled_from(["Ada", "Grace"]), st.sampled_from([None, 0, 1, 2, 3, 4])), max_size=5
)


@settings(max_examples=60, deadline=None, suppress_health_check=_FIXTURES)
@given(batches=st.lists(_ROWS, min_size=1, max_size=4))
async def test_imports_say_what_they_do(platform: Platform, batches: list[list[tuple[int, str, int | None]]]) -> None:
    """Over any sequence of files: what is reported is what happened, and a file taken once changes nothing again."""
    org = await platform.create_organisation()
    admin = await org.person("org_admin")
    for batch in batches:
        text = f"{HEADER},external_id\n" + "".join(
            f"p{n}@x.org,{name},X,student,{'' if ext is None else ext}\n" for n, name, ext in batch
        )
        before = {row["id"]: row for row in await _people(platform, org)}
        dry = await _import(admin, text, dry_run="true")
        answer = await _import(admin, text)
        after = {row["id"]: row for row in await _people(platform, org)}
        if answer.status_code != 201:
            assert after == before
            assert not batch or dry.json()["faults"]
            continue
        report = answer.json()
        assert report["counts"] == dry.json()["counts"]
        outcomes = {item["id"]: item["outcome"] for item in report["items"]}
        for id, row in after.items():
            expected = "created" if id not in before else "unchanged" if before[id] == row else "updated"
            assert outcomes.get(str(id), "unchanged") == expected
        for item, (n, name, ext) in zip(report["items"], batch, strict=True):
            row = next(row for row in after.values() if str(row["id"]) == item["id"])
            assert (row["email"], row["first_name"]) == (f"p{n}@x.org", name)
            assert ext is None or row["external_id"] == str(ext)
        assert (await _import(admin, text)).json()["counts"] == {"unchanged": len(batch)}


async def test_the_key_makes_a_repetition_harmless(platform: Platform) -> None:
    org = await platform.create_organisation()
    admin = await org.person("org_admin")
    headers = {"content-type": "text/csv", "idempotency-key": new_id().hex}
    body = f"{HEADER}\na@x.org,A,A,student\n"
    answers = [await admin.http.post("/api/users/imports", content=body, headers=headers) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert answers[1].json()["counts"] == {"created": 1}
