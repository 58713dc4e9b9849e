"""Reviews, and figures that stay right however many write at once."""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal

from deployments.courses.ratings import fair_average
from tests.integration.courses.support import create, enrol, ok, problem, publish
from tests.platform import Account, Organisation, Platform


async def write(person: Account, course_id: str, rating: int, body: str = "") -> None:
    ok(await person.http.put(f"/api/courses/{course_id}/reviews/mine", json={"rating": rating, "body": body}))


async def test_a_review_is_written_changed_and_taken_back(platform: Platform) -> None:
    org = await platform.create_organisation()
    author, noor, felix = (
        await org.person("instructor"),
        await org.person("student"),
        await org.person("student", fresh=True),
    )
    course_id = await publish(author)
    path = f"/api/courses/{course_id}"
    for person in (noor, felix):
        await enrol(platform, org, course_id, person.id)
    problem(await noor.http.delete(f"{path}/reviews/mine"), 404, "review-not-found")
    await write(noor, course_id, 2, "<b>so so</b>")
    await write(felix, course_id, 5, "good")
    await write(noor, course_id, 4, "better on reflection")
    assert ok(await felix.http.get(path))["rating"] == {"average": 4.5, "count": 2, "fair": 4.5}
    items = ok(await felix.http.get(f"{path}/reviews"))["items"]
    assert [(i["rating"], i["body"], i["reviewer"], i["mine"]) for i in items] == [
        (5, "good", "Test s.", True),
        (4, "better on reflection", "Test s.", False),
    ]
    assert all("user_id" not in item for item in items)
    ok(await noor.http.delete(f"{path}/reviews/mine"), 204)
    assert ok(await felix.http.get(path))["rating"] == {"average": 5.0, "count": 1, "fair": 5.0}
    ok(await felix.http.delete(f"{path}/reviews/mine"), 204)
    assert ok(await felix.http.get(path))["rating"] == {"average": None, "count": 0, "fair": None}


async def test_who_reviews(platform: Platform) -> None:
    org = await platform.create_organisation()
    author, noor = await org.person("instructor"), await org.person("student")
    course_id, drafted = await publish(author), await create(author)
    path, body = f"/api/courses/{course_id}/reviews/mine", {"rating": 3}
    problem(await noor.http.put(path, json=body), 403, "not-enrolled")
    problem(await (await org.person("auditor")).http.put(path, json=body), 403, "forbidden")
    problem(await noor.http.put(f"/api/courses/{drafted}/reviews/mine", json=body), 404, "course-not-found")
    await enrol(platform, org, course_id, author.id)
    problem(await author.http.put(path, json=body), 403, "own-course")
    stranger = await (await platform.create_organisation()).person("student")
    problem(await stranger.http.put(path, json=body), 404, "course-not-found")
    begun = datetime.now(UTC)
    for status, enrolled_at, expected in (
        ("waitlisted", None, 403),
        ("waitlisted", begun, 403),
        ("dropped", None, 403),
        ("dropped", begun, 200),
        ("expired", begun, 200),
        ("active", None, 200),
        ("completed", begun, 200),
    ):
        await enrol(platform, org, course_id, noor.id, status, enrolled_at=enrolled_at)
        assert (await noor.http.put(path, json=body)).status_code == expected, status
    for wrong in ({"rating": 0}, {"rating": 6}, {"rating": 3.5}, {"rating": "3"}, {"rating": True}, {}, {"body": "x"}):
        problem(await noor.http.put(path, json=wrong), 422, "invalid")
    problem(await noor.http.put(path, json={"rating": 3, "body": "x" * 5_001}), 422, "invalid")


async def learners(platform: Platform, org: Organisation, course_ids: list[str], count: int) -> list[Account]:
    people = [await org.person("student", fresh=True) for _ in range(count)]
    for course_id in course_ids:
        for person in people:
            await enrol(platform, org, course_id, person.id)
    return people


async def test_figures_agree_with_a_recount_after_a_crowd(platform: Platform) -> None:
    org = await platform.create_organisation()
    author = await org.person("instructor")
    courses = [await publish(author) for _ in range(3)]
    people = await learners(platform, org, courses, 8)
    chosen = random.Random(3)

    async def act(person: Account) -> None:
        for _ in range(12):
            path = f"/api/courses/{chosen.choice(courses)}/reviews/mine"
            if chosen.random() < 0.3:
                assert (await person.http.delete(path)).status_code in {204, 404}
            else:
                ok(await person.http.put(path, json={"rating": chosen.randint(1, 5)}))

    await asyncio.gather(*(act(person) for person in people))
    async with platform.database.transaction(org.id) as connection:
        recount = {
            str(row["course_id"]): (row["count"], row["sum"])
            for row in await connection.fetch("select course_id, count(*), sum(rating) from reviews group by course_id")
        }
        kept = {
            str(row["course_id"]): (row["count"], row["sum"])
            for row in await connection.fetch("select course_id, count, sum from course_ratings where count > 0")
        }
        total = await connection.fetchrow("select count, sum from organisation_ratings")
    assert kept == recount
    assert total is not None
    assert tuple(total) == tuple(map(sum, zip(*recount.values(), strict=True)))
    mean = (Decimal(total["sum"]) / total["count"]).quantize(Decimal("0.01"), ROUND_HALF_UP)
    for course_id, (count, points) in recount.items():
        rating = ok(await author.http.get(f"/api/courses/{course_id}"))["rating"]
        fair = fair_average(count, points, mean)
        assert fair is not None
        assert (rating["count"], rating["fair"]) == (count, float(fair))


async def test_reviews_are_paged_in_both_orders(platform: Platform) -> None:
    org = await platform.create_organisation()
    author = await org.person("instructor")
    course_id = await publish(author)
    people = await learners(platform, org, [course_id], 7)
    for number, person in enumerate(people):
        await write(person, course_id, 1 + number % 3, f"{number}")
    path = f"/api/courses/{course_id}/reviews"
    newest = [str(number) for number in reversed(range(7))]
    best = sorted(newest, key=lambda body: (-(1 + int(body) % 3), -int(body)))
    for sort, expected in (("newest", newest), ("rating", best)):
        for limit in (1, 2, 3, 7, 50):
            found: list[str] = []
            cursor = None
            while True:
                params = {"sort": sort, "limit": limit, **({"cursor": cursor} if cursor else {})}
                page = ok(await author.http.get(path, params=params))
                found += [item["body"] for item in page["items"]]
                cursor = page["next_cursor"]
                if cursor is None:
                    break
            assert found == expected
    newest_cursor = ok(await author.http.get(path, params={"limit": 1}))["next_cursor"]
    problem(await author.http.get(path, params={"sort": "rating", "cursor": newest_cursor}), 422, "invalid")
