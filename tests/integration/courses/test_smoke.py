from tests.integration.courses.support import *
async def test_smoke(platform):
    org = await platform.create_organisation()
    ines = await org.person("instructor"); noor = await org.person("student")
    for name in ("learning-science","data-literacy","python-for-data"):
        a = await ines.http.post("/api/courses", json=demo(name)); body = ok(a, 201); cid = body["id"]
        print(a.headers, body.keys())
        d = ok(await ines.http.get(f"/api/courses/{cid}/draft"))
        assert (await noor.http.get(f"/api/courses/{cid}")).status_code == 404
        v = ok(await ines.http.post(f"/api/courses/{cid}/publish")); print(v)
        problem(await ines.http.post(f"/api/courses/{cid}/publish"),409,"nothing-changed")
        c = await noor.http.get(f"/api/courses/{cid}"); print(len(c.content), c.headers)
        c = await noor.http.get(f"/api/courses/{cid}"); print(len(c.content), c.headers)
        problem(await noor.http.get(f"/api/courses/{cid}/content"),403,"not-enrolled")
        await enrol(platform, org, cid, noor.id)
        k = ok(await noor.http.get(f"/api/courses/{cid}/content")); 
        r = ok(await noor.http.put(f"/api/courses/{cid}/reviews/mine", json={"rating":4,"body":"good"})); print(r)
        print(ok(await noor.http.get(f"/api/courses/{cid}"))["rating"])
        print(ok(await noor.http.get(f"/api/courses/{cid}/reviews")))
    for p in ({}, {"q":"spaced practice"}, {"facets":"true"}, {"sort":"rating"}, {"sort":"popularity"},{"sort":"title"},{"sort":"price"},{"tag":["python","pandas"]},{"rating_min":4.5},{"free":"true"},{"mine":"true"}):
        x = ok(await ines.http.get("/api/courses", params=p)); print(p, [i["title"] for i in x["items"]], x["facets"])
