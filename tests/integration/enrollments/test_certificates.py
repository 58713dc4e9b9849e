"""Certificates verify by link and offline, for ever."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import jwt
import pytest
from jwt.algorithms import RSAAlgorithm

from stores.signing_keys import create_key
from tests.integration.enrollments.support import (
    BASE,
    CourseFixture,
    answers,
    create_course,
    enrol,
    ok,
    quiz,
    refused,
    tick,
    unit_path,
)
from tests.platform import Account, Platform


async def complete(person: Account, course: CourseFixture) -> dict[str, Any]:
    enrolment = await enrol(person, course)
    for unit in course.units:
        if unit["kind"] == "quiz":
            path = unit_path(enrolment, unit, "attempts")
            ok(await person.http.post(path, json={"answers": answers(unit)}), 201)
        else:
            await tick(person, enrolment, unit)
    return enrolment


def verify_offline(token: str, jwk: dict[str, Any]) -> dict[str, Any]:
    key = RSAAlgorithm.from_jwk(json.dumps(jwk))
    return jwt.decode(token, key, algorithms=["RS256"])  # type: ignore[arg-type]


async def test_certificate_by_link_and_offline(platform: Platform) -> None:
    org, elsewhere = await platform.create_organisation(), await platform.create_organisation()
    course = await create_course(org, [quiz()])
    student = await org.person()
    enrolment = await complete(student, course)
    path = f"{BASE}/{enrolment['id']}/certificate"
    certificate = ok(await student.http.get(path))
    assert certificate["status"] == "valid"
    assert certificate["link"] == f"{platform.settings.base_url}{BASE}/certificates/{certificate['code']}"
    for person in (course.instructor, await org.person("org_admin"), await org.person("auditor")):
        assert ok(await person.http.get(path)) == certificate
    for person in (await org.person(fresh=True), await elsewhere.person("org_admin")):
        refused(await person.http.get(path), 404, "enrollment-not-found")
    public = ok(await platform.http.get(f"{BASE}/certificates/{certificate['code']}"))  # without signing in
    assert public["status"] == "valid"
    assert public["token"] == certificate["token"]
    claims = verify_offline(public["token"], public["jwk"])
    assert claims["name"] == "Test student"
    assert claims["course"] == "Course v1"
    assert claims["organisation"] == f"Organisation {org.slug}"
    assert claims["score"] == "100.0000"
    assert claims["iss"] == platform.settings.issuer
    assert claims["code"] == certificate["code"]
    header = jwt.get_unverified_header(public["token"])
    assert (header["typ"], header["kid"]) == ("certificate+jwt", public["jwk"]["kid"])
    assert set(public["jwk"]) == {"kty", "n", "e", "kid", "use", "alg", "key_ops"}
    refused(await platform.http.get(f"{BASE}/certificates/{'A' * 43}"), 404, "certificate-not-found")


async def test_no_certificate_before_completion(platform: Platform) -> None:
    org = await platform.create_organisation()
    course = await create_course(org)
    student = await org.person()
    enrolment = await enrol(student, course)
    refused(await student.http.get(f"{BASE}/{enrolment['id']}/certificate"), 404, "certificate-not-found")


async def test_certificate_survives_rotation_of_keys_and_change_of_name(platform: Platform) -> None:
    org = await platform.create_organisation()
    course = await create_course(org)
    first, second = await org.person(), await org.person(fresh=True)
    code = ok(await first.http.get(f"{BASE}/{(await complete(first, course))['id']}/certificate"))["code"]
    before = ok(await platform.http.get(f"{BASE}/certificates/{code}"))
    context = platform.host.context
    async with platform.database.transaction(None) as connection:
        kid = await create_key(connection, context.keyring, "certificate", datetime.now(UTC))
    await context.keys.refresh()
    async with platform.database.transaction(org.id) as connection:
        await connection.execute("update users set first_name = 'Other' where id = $1", first.id)
    assert ok(await platform.http.get(f"{BASE}/certificates/{code}")) == before
    assert verify_offline(before["token"], before["jwk"])["name"] == "Test student"
    later = ok(await second.http.get(f"{BASE}/{(await complete(second, course))['id']}/certificate"))
    assert jwt.get_unverified_header(later["token"])["kid"] == kid
    assert ok(await platform.http.get(f"{BASE}/certificates/{later['code']}"))["jwk"]["kid"] == kid


@pytest.mark.parametrize("erased", [False, True])
async def test_revoked_and_erased_certificates(platform: Platform, erased: bool) -> None:
    org = await platform.create_organisation()
    course = await create_course(org)
    student = await org.person()
    path = f"{BASE}/{(await complete(student, course))['id']}/certificate"
    code = ok(await student.http.get(path))["code"]
    async with platform.database.transaction(org.id) as connection:
        await connection.execute("update certificates set revoked_at = now() where code = $1", code)
        if erased:
            await connection.execute("update certificates set token = '' where code = $1", code)
    answer = await platform.http.get(f"{BASE}/certificates/{code}")
    if erased:
        refused(answer, 404, "certificate-not-found")
        refused(await student.http.get(path), 404, "certificate-not-found")
    else:
        assert ok(await student.http.get(path))["status"] == "revoked"
        assert (ok(answer)["status"], ok(answer)["claims"]["name"]) == ("revoked", "Test student")


async def test_a_certificate_is_no_access_token(platform: Platform) -> None:
    org = await platform.create_organisation()
    course = await create_course(org)
    student = await org.person()
    enrolment = await complete(student, course)
    token = ok(await student.http.get(f"{BASE}/{enrolment['id']}/certificate"))["token"]
    answer = await platform.http.get(BASE, headers={"authorization": f"Bearer {token}"})
    assert answer.status_code == 401


async def test_a_changed_token_is_not_vouched_for(platform: Platform) -> None:
    org = await platform.create_organisation()
    course = await create_course(org)
    student = await org.person()
    code = ok(await student.http.get(f"{BASE}/{(await complete(student, course))['id']}/certificate"))["code"]
    async with platform.database.transaction(org.id) as connection:
        await connection.execute("update certificates set token = reverse(token) where code = $1", code)
    assert (await platform.http.get(f"{BASE}/certificates/{code}")).status_code == 500
