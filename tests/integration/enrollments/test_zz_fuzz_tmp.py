import asyncio, json, logging, structlog, uvicorn
from tests.integration.enrollments.support import *
structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
async def test_fuzz(platform):
    org = await platform.create_organisation()
    server = uvicorn.Server(uvicorn.Config(platform.host, host="127.0.0.1", port=18744, lifespan="off", log_level="warning", access_log=False))
    task = asyncio.create_task(server.serve())
    await asyncio.sleep(1)
    doc = (await platform.http.get("/api/enrollments/openapi.json")).json()
    admin = await org.person("org_admin")
    student = await org.person("student")
    q, a, t = quiz(), assignment(), text()
    course = await create_course(org, [q, a, t])
    own = await enrol(admin, course)
    other = await enrol(student, course)
    sub = ok(await student.http.post(unit_path(other, a, "submissions"), json={"body": "x"}), 201)
    done = await create_course(org, [text()]); e2 = await enrol(admin, done); await tick(admin, e2, done.units[0])
    code = ok(await admin.http.get(f"{BASE}/{e2['id']}/certificate"))["code"]
    # real ids in, as enums, so that the fuzzer gets past the look-ups
    enums = {"enrollment_id": [own["id"], e2["id"], other["id"]], "unit_id": [q["id"], a["id"], t["id"]], "course_id": [str(course.id), str(done.id)], "submission_id": [sub["id"]], "code": [code]}
    for path, item in doc["paths"].items():
        for method, op in item.items():
            for prm in op.get("parameters", []):
                if prm["in"] == "path" and prm["name"] in enums:
                    prm["schema"] = {"anyOf": [{"enum": enums[prm["name"]]}, prm["schema"]]}
    json.dump(doc, open("/tmp/enrtest/fz/openapi.json", "w"))
    for role in ("admin", "student"):
        person = admin if role == "admin" else student
        open("/tmp/enrtest/fz/st.toml", "w").write(f'[headers]\nAuthorization = "{person.http.headers["authorization"]}"\n')
        p = await asyncio.create_subprocess_exec("/tmp/w/v/bin/st", "--config-file", "/tmp/enrtest/fz/st.toml", "run", "/tmp/enrtest/fz/openapi.json", "--url", "http://127.0.0.1:18744", "-n", "60", "--checks", "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,response_headers_conformance" + (",negative_data_rejection" if role == "admin" else ""), "--continue-on-failure", "--phases", "examples,coverage,fuzzing", stdout=open(f"/tmp/enrtest/fz/out-{role}.txt", "w"), stderr=asyncio.subprocess.STDOUT)
        await p.wait()
    server.should_exit = True
    await task
