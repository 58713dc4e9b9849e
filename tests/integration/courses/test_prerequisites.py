"""Prerequisites, and the cycles they must not make."""

from __future__ import annotations

import asyncio
import random

from stores.ids import new_id
from tests.integration.courses.support import create, ok, problem, publish
from tests.platform import Account, Platform


async def put(author: Account, course_id: str, *prerequisites: str) -> int:
    answer = await author.http.put(
        f"/api/courses/{course_id}/prerequisites", json={"prerequisites": list(prerequisites)}
    )
    return answer.status_code


async def test_prerequisites_are_replaced_and_shown(platform: Platform) -> None:
    org = await platform.create_organisation()
    author, noor = await org.person("instructor"), await org.person("student")
    a, b, c = [await publish(author, title=title) for title in "ABC"]
    assert await put(author, c, b, a, b) == 200
    listed = ok(await noor.http.get(f"/api/courses/{c}/prerequisites"))["items"]
    assert listed == [{"id": a, "title": "A", "status": "published"}, {"id": b, "title": "B", "status": "published"}]
    assert ok(await noor.http.get(f"/api/courses/{c}"))["prerequisites"] == [
        {"id": a, "title": "A"},
        {"id": b, "title": "B"},
    ]
    assert await put(author, c, b) == 200
    assert [p["id"] for p in ok(await noor.http.get(f"/api/courses/{c}"))["prerequisites"]] == [b]
    assert await put(author, c) == 200
    assert ok(await noor.http.get(f"/api/courses/{c}"))["prerequisites"] == []


async def test_only_courses_of_the_organisation_that_one_may_see(platform: Platform) -> None:
    org, elsewhere = await platform.create_organisation(), await platform.create_organisation()
    author, other, noor = (
        await org.person("instructor"),
        await org.person("instructor", fresh=True),
        await org.person("student"),
    )
    mine, draft, hidden = await publish(author), await create(author, title="Draft"), await create(other)
    foreign = await publish(await elsewhere.person("instructor"))
    for unknown in (foreign, hidden, str(new_id())):
        answer = await author.http.put(f"/api/courses/{mine}/prerequisites", json={"prerequisites": [draft, unknown]})
        assert problem(answer, 422, "invalid")["errors"][0]["pointer"] == "/body/prerequisites/1"
    assert await put(author, mine, draft) == 200
    assert [p["id"] for p in ok(await author.http.get(f"/api/courses/{mine}/prerequisites"))["items"]] == [draft]
    assert ok(await noor.http.get(f"/api/courses/{mine}/prerequisites"))["items"] == []
    assert ok(await noor.http.get(f"/api/courses/{mine}"))["prerequisites"] == []
    ok(await author.http.delete(f"/api/courses/{draft}"), 204)
    assert ok(await author.http.get(f"/api/courses/{mine}/prerequisites"))["items"] == []


async def test_cycles_are_refused_and_named(platform: Platform) -> None:
    org = await platform.create_organisation()
    author = await org.person("instructor")
    a, b, c = [await create(author, title=title) for title in "ABC"]
    assert await put(author, b, a) == 200
    assert await put(author, c, b) == 200
    answer = await author.http.put(f"/api/courses/{a}/prerequisites", json={"prerequisites": [c]})
    assert problem(answer, 409, "prerequisite-cycle")["cycle"] == [a, c, b]
    own = await author.http.put(f"/api/courses/{a}/prerequisites", json={"prerequisites": [a]})
    assert problem(own, 409, "prerequisite-cycle")["cycle"] == [a]
    assert ok(await author.http.get(f"/api/courses/{a}/prerequisites"))["items"] == []


async def test_no_cycle_arises_from_changes_at_the_same_time(platform: Platform) -> None:
    org = await platform.create_organisation()
    author = await org.person("instructor")
    chosen = random.Random(7)
    for _ in range(5):
        courses = [await create(author) for _ in range(4)]
        pairs = [(one, other) for one in courses for other in courses if one != other]
        chosen.shuffle(pairs)
        statuses = await asyncio.gather(*(put(author, one, other) for one, other in pairs))
        assert set(statuses) <= {200, 409}
        needs = {
            course: [p["id"] for p in ok(await author.http.get(f"/api/courses/{course}/prerequisites"))["items"]]
            for course in courses
        }
        free: set[str] = set()
        while len(free) < len(courses):
            more = {course for course in courses if course not in free and set(needs[course]) <= free}
            assert more, f"a cycle: {needs}"
            free |= more


async def test_two_courses_that_would_need_each_other(platform: Platform) -> None:
    org = await platform.create_organisation()
    author = await org.person("instructor")
    for _ in range(10):
        a, b = await create(author), await create(author)
        assert sorted(await asyncio.gather(put(author, a, b), put(author, b, a))) == [200, 409]
