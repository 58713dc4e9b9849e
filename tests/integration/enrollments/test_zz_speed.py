import asyncio, logging, time, structlog
from tests.integration.enrollments.support import *
structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
async def test_speed(platform):
    org = await platform.create_organisation()
    units=[text(str(n)) for n in range(20)]
    course = await create_course(org, units)
    people=[await org.person(fresh=True) for _ in range(60)]
    async def t(name, calls):
        calls=list(calls); s=time.perf_counter()
        for c in calls: 
            r=await c(); assert r.status_code<300, r.text
        d=time.perf_counter()-s; print(f"SPEED {name} {1000*d/len(calls):.2f} ms")
    await t("warm me", [lambda p=p: p.http.get("/api/users/me") for p in people])
    await t("enrol", [lambda p=p: p.http.post(BASE, json={"course_id": str(course.id)}) for p in people])
    ids={p.id:(await p.http.get(BASE)).json()["items"][0]["id"] for p in people}
    await t("tick", [lambda p=p,u=u: p.http.put(f"{BASE}/{ids[p.id]}/units/{u['id']}/completion") for u in units[:8] for p in people])
    await t("progress", [lambda p=p: p.http.get(f"{BASE}/{ids[p.id]}/progress") for p in people for _ in range(5)])
    await t("one", [lambda p=p: p.http.get(f"{BASE}/{ids[p.id]}") for p in people for _ in range(5)])
    await t("me", [lambda p=p: p.http.get("/api/users/me") for p in people for _ in range(5)])
