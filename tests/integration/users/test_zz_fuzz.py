import asyncio, structlog, logging
import uvicorn, httpx
structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
async def test_fuzz(platform):
    org = await platform.create_organisation()
    for r in ("student","org_admin","auditor"): await org.person(r)
    server = uvicorn.Server(uvicorn.Config(platform.host, host="127.0.0.1", port=18733, lifespan="off", log_level="warning", access_log=False))
    task = asyncio.create_task(server.serve())
    await asyncio.sleep(1)
    for role, exclude in (("platform_admin","(deactivate|erase|/role|me/password)$"),("org_admin","(deactivate|/role|me/password|erase)$"),("platform_admin2","zzzz")):
        top = await org.person(role.rstrip("2"), fresh=True)
        auth = top.http.headers["authorization"]
        open("/tmp/w/users/st.toml","w").write(f'[headers]\nAuthorization = "{auth}"\n')
        inc = ["--include-path-regex","(deactivate|erase|/role|me/password)$"] if exclude=="zzzz" else ["--exclude-path-regex",exclude]
        p = await asyncio.create_subprocess_exec("/tmp/w/v/bin/st","--config-file","/tmp/w/users/st.toml","run","http://127.0.0.1:18733/api/users/openapi.json","--url","http://127.0.0.1:18733","-n","100","--checks","not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance","--continue-on-failure","--phases","examples,coverage,fuzzing",*inc,stdout=open(f"/tmp/w/users/fuzz-{role}.txt","w"),stderr=asyncio.subprocess.STDOUT)
        await p.wait()
    server.should_exit=True
    await task
