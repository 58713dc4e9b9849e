"""Searching, filtering, counting and paging the catalogue."""

from __future__ import annotations

from collections import Counter
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deployments.courses.duties import count_enrollments
from stores.ids import new_id
from stores.postgres import Database
from tests.integration.courses.support import create, enrol, ok, problem, publish
from tests.platform import Account, Organisation, Platform


async def search(person: Account, **params: Any) -> list[str]:
    return [item["title"] for item in ok(await person.http.get("/api/courses", params=params))["items"]]


@pytest.fixture(scope="module")
async def school(platform: Platform) -> Organisation:
    """Four courses that differ in everything."""
    org = await platform.create_organisation()
    ines, tomasz = await org.person("instructor"), await org.person("instructor", fresh=True)
    org.people["tomasz"] = tomasz
    common: dict[str, Any] = {"category": "science"}
    await publish(ines, title="Waves", difficulty="beginner", tags=["physics", "sound"], price="0", **common)
    await publish(ines, title="Atoms", difficulty="advanced", tags=["physics", "chemistry"], price="20", **common)
    await publish(
        tomasz, title="Häuser bauen", category="craft", language="de", tags=["wood"], price="49.90",
        description="Wir lernen, wie man kleine Hütten und große Häuser baut. Running is English.",
    )  # fmt: skip
    await publish(
        tomasz, title="Running", category="sport", tags=["sound"], price="5", description="Houses and atoms: no waves."
    )
    await create(ines, title="Hidden draft", tags=["physics"])
    return org


async def test_filters_combine(school: Organisation) -> None:
    noor, tomasz = await school.person("student"), school.people["tomasz"]
    assert await search(noor) == ["Running", "Häuser bauen", "Atoms", "Waves"]
    assert await search(noor, category="science") == ["Atoms", "Waves"]
    assert await search(noor, category="science", difficulty="advanced") == ["Atoms"]
    assert await search(noor, language="DE") == ["Häuser bauen"]
    assert await search(noor, tag="SOUND") == ["Running", "Waves"]
    assert await search(noor, tag=["physics", "sound"]) == ["Waves"]
    assert await search(noor, instructor_id=str(tomasz.id)) == ["Running", "Häuser bauen"]
    assert await search(noor, price_min="5", price_max="20") == ["Running", "Atoms"]
    assert await search(noor, free="true") == ["Waves"]
    assert await search(noor, free="false") == ["Running", "Häuser bauen", "Atoms"]
    assert await search(noor, rating_min="1") == []
    assert await search(noor, mine="true") == []
    ines = await school.person("instructor")
    assert await search(ines, mine="true") == ["Hidden draft", "Atoms", "Waves"]
    assert await search(ines, mine="true", q="draft") == ["Hidden draft"]
    assert await search(ines, q="draft") == []


async def test_words_are_found_in_each_courses_own_language(school: Organisation) -> None:
    noor = await school.person("student")
    assert await search(noor, q="wave") == ["Waves", "Running"]
    assert await search(noor, q="houses") == ["Running"]
    assert await search(noor, q="haus") == ["Häuser bauen"]
    assert await search(noor, q="lernen kleine") == ["Häuser bauen"]
    assert await search(noor, q="bau") == ["Häuser bauen"]
    assert await search(noor, q="lerne") == ["Häuser bauen"]
    assert await search(noor, q="run") == ["Running"]
    assert await search(noor, q="running") == ["Running", "Häuser bauen"]
    assert await search(noor, q='"atoms no waves"') == ["Running"]
    assert await search(noor, q="waves -atoms") == ["Waves"]
    assert sorted(await search(noor, q="atoms or wood")) == ["Atoms", "Häuser bauen", "Running"]
    assert await search(noor, q="physics", sort="title") == ["Atoms", "Waves"]
    for nothing in ("the", "!!!", "zzz", "tenant", "courses:", "-", '"', "' or 1=1 --", "\\", ":*", "a & | ! <-> b"):
        await search(noor, q=nothing)
    assert await search(noor, q="the") == []
    problem(await noor.http.get("/api/courses?q=%00"), 422, "invalid")
    problem(await noor.http.get("/api/courses?q=%20"), 422, "invalid")


async def test_a_search_stays_in_the_organisation(school: Organisation, platform: Platform) -> None:
    stranger = await (await platform.create_organisation()).person("org_admin")
    for params in ({}, {"q": "waves"}, {"q": "-zzz"}, {"tag": "physics"}, {"facets": "true"}, {"sort": "rating"}):
        found = ok(await stranger.http.get("/api/courses", params=params))
        assert found["items"] == []
        assert not any((found["facets"] or {}).values())
    noor = await school.person("student")
    assert await search(noor, q=f"courses:{stranger.org.id}:english") == []
    assert len(await search(noor, q="-zzz")) == 4


async def test_each_facet_ignores_its_own_filter(school: Organisation) -> None:
    noor = await school.person("student")
    filters: dict[str, Any] = {"category": "science", "tag": ["physics"], "facets": "true", "limit": 1}
    facets = ok(await noor.http.get("/api/courses", params=filters))["facets"]

    def counts(facet: str) -> dict[str, int]:
        return {entry["value"]: entry["count"] for entry in facets[facet]}

    assert counts("category") == {"science": 2}
    assert counts("difficulty") == {"beginner": 1, "advanced": 1}
    assert counts("language") == {"en": 2}
    assert counts("tag") == {"physics": 2, "sound": 1, "chemistry": 1}
    facets = ok(await noor.http.get("/api/courses", params={"facets": "true", "q": "waves", "free": "false"}))["facets"]
    assert counts("category") == {"sport": 1}
    assert ok(await noor.http.get("/api/courses"))["facets"] is None


async def test_popularity_is_counted_by_housekeeping(platform: Platform) -> None:
    org = await platform.create_organisation()
    author = await org.person("instructor")
    quiet, loud = await publish(author, title="Quiet"), await publish(author, title="Loud")
    newest = await publish(author, title="Waited for")
    people = [await org.person("student", fresh=True) for _ in range(3)]
    for person in people:
        await enrol(platform, org, loud, person.id, "dropped")
        await enrol(platform, org, newest, person.id, "waitlisted")
    await enrol(platform, org, quiet, people[0].id)
    database = Database.from_settings(platform.settings, role="azora_system")
    assert await count_enrollments(database) >= 2
    assert await count_enrollments(database) == 0
    await database.close()
    assert await search(people[0], sort="popularity") == ["Loud", "Quiet", "Waited for"]


async def test_what_a_query_must_not_hold(school: Organisation) -> None:
    noor = await school.person("student")
    for params in (
        {"sort": "relevance"}, {"sort": "random"}, {"limit": 0}, {"limit": 201}, {"cursor": "x"}, {"free": "perhaps"},
        {"price_min": "-1"}, {"price_max": "NaN"}, {"rating_min": 6}, {"difficulty": "hard"}, {"instructor_id": "x"},
        {"surprise": 1}, {"category": ""}, {"tag": ["x"] * 21}, {"q": "x" * 201}, {"rating_min": "nan"},
    ):  # fmt: skip
        problem(await noor.http.get("/api/courses", params=params), 422, "invalid")
    cursor = ok(await noor.http.get("/api/courses", params={"limit": 1, "sort": "title"}))["next_cursor"]
    problem(await noor.http.get("/api/courses", params={"sort": "price", "cursor": cursor}), 422, "invalid")


TITLES = st.sampled_from(["logic", "Logic", "LOGIC 2", "ärger", "Zoo", "a", "Ωmega", "語"])
COURSES = st.fixed_dictionaries(
    {
        "title": TITLES,
        "description": st.sampled_from(["", "logic", "logic and zoo", "nothing"]),
        "price": st.sampled_from([0, 5, 19.9]),
        "difficulty": st.sampled_from(["beginner", "advanced"]),
        "tags": st.sampled_from([[], ["x"], ["x", "y"]]),
        "minute": st.integers(0, 3),
        "ratings": st.tuples(st.integers(0, 3), st.integers(1, 5)),
        "enrollments": st.integers(0, 2),
    }
)
_SEED = """
    with course as (
        insert into courses (id, org_id, title, description, instructor_id, price, difficulty, tags, status,
                             published_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, 'published', timestamptz '2026-01-01' + $9 * interval '1 minute')
    ), rating as (
        insert into course_ratings select $2, $1, $10::integer, $10::integer * $11::integer where $10::integer > 0
    )
    insert into course_popularity values ($2, $1, $12)
"""


async def seed(platform: Platform, org: Organisation, author_id: UUID, courses: list[dict[str, Any]]) -> None:
    async with platform.database.transaction(org.id) as connection:
        for course in courses:
            await connection.execute(
                _SEED, new_id(), org.id, course["title"], course["description"], author_id, course["price"],
                course["difficulty"], course["tags"], course["minute"], *course["ratings"], course["enrollments"],
            )  # fmt: skip
        await connection.execute(
            "insert into organisation_ratings select $1, sum(count), sum(sum) from course_ratings having count(*) > 0",
            org.id,
        )


def expected_key(sort: str, item: dict[str, Any], courses: Counter[str]) -> Any:
    match sort:
        case "newest":
            return item["published_at"]
        case "title":
            return item["title"].lower()
        case "price":
            return float(item["price"])
        case "rating":
            return item["rating"]["fair"] or 0.0
        case _:
            return None


@given(
    courses=st.lists(COURSES, max_size=14),
    sort=st.sampled_from(["relevance", "newest", "title", "price", "rating", "popularity"]),
    limit=st.integers(1, 7),
    q=st.sampled_from([None, "logic", "logic or zoo"]),
    filters=st.sampled_from([{}, {"difficulty": "beginner"}, {"tag": ["x"]}, {"price_max": "5"}, {"rating_min": "2"}]),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_pages_together_are_the_whole_list(
    platform: Platform, courses: list[dict[str, Any]], sort: str, limit: int, q: str | None, filters: dict[str, Any]
) -> None:
    org = await platform.create_organisation()
    author = await org.person("instructor")
    await seed(platform, org, author.id, courses)
    params = {**filters, "sort": sort, **({"q": q} if q or sort == "relevance" else {})}
    if "q" in params and params["q"] is None:
        params["q"] = "logic"
    whole = ok(await author.http.get("/api/courses", params={**params, "limit": 200}))["items"]
    paged: list[dict[str, Any]] = []
    cursor = None
    for _ in range(len(courses) + 1):
        page = ok(
            await author.http.get(
                "/api/courses", params={**params, "limit": limit, **({"cursor": cursor} if cursor else {})}
            )
        )
        assert len(page["items"]) <= limit
        paged += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert cursor is None
    assert paged == whole
    assert len({item["id"] for item in whole}) == len(whole)
    keys = [expected_key(sort, item, Counter()) for item in whole]
    if keys and keys[0] is not None:
        assert keys == sorted(keys, reverse=sort in {"newest", "rating"})


@given(
    courses=st.lists(COURSES, max_size=14),
    q=st.sampled_from([None, "logic", "logic or zoo"]),
    chosen=st.fixed_dictionaries({}, optional={"difficulty": st.just("beginner"), "tag": st.just("x")}),
)
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_facets_count_what_their_choices_would_list(
    platform: Platform, courses: list[dict[str, Any]], q: str | None, chosen: dict[str, str]
) -> None:
    org = await platform.create_organisation()
    noor, author = await org.person("student"), await org.person("instructor")
    await seed(platform, org, author.id, courses)
    params = {**chosen, **({"q": q} if q else {})}
    facets = ok(await noor.http.get("/api/courses", params={**params, "facets": "true"}))["facets"]
    for facet in ("category", "difficulty", "language", "tag"):
        others = {name: value for name, value in params.items() if name != facet}
        items = ok(await noor.http.get("/api/courses", params=others))["items"]
        values = [value for item in items for value in (item["tags"] if facet == "tag" else [item[facet]])]
        assert {entry["value"]: entry["count"] for entry in facets[facet]} == Counter(values)
