import asyncio, structlog, logging
import uvicorn, httpx
structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
async def test_fuzz(platform):
    org = await platform.create_organisation()
    top = await org.person("platform_admin")
    for r in ("student","org_admin","auditor"): await org.person(r)
    server = uvicorn.Server(uvicorn.Config(platform.host, host="127.0.0.1", port=18733, lifespan="off", log_level="warning", access_log=False))
    task = asyncio.create_task(server.serve())
    await asyncio.sleep(1)
    auth = top.http.headers["authorization"]
    async with httpx.AsyncClient(headers={"authorization":auth}) as c:
        r=await c.get("http://127.0.0.1:18733/api/users/me"); print(r.status_code, r.text[:300])
    env=dict(__import__("os").environ)
    open("/tmp/w/users/st.toml","w").write(f'[headers]\nAuthorization = "{auth}"\n')
    p = await asyncio.create_subprocess_exec("/tmp/w/v/bin/st","--config-file","/tmp/w/users/st.toml","run","http://127.0.0.1:18733/api/users/openapi.json","--url","http://127.0.0.1:18733","-n","60","--checks","not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance","--continue-on-failure","--phases","examples,coverage,fuzzing","--report","har","--report-dir","/tmp/w/users/rep",stdout=open("/tmp/w/users/fuzz.txt","w"),stderr=asyncio.subprocess.STDOUT)
    await p.wait()
    async with httpx.AsyncClient(headers={"authorization":auth}) as c:
        r=await c.get("http://127.0.0.1:18733/api/users/me"); print(r.status_code, r.text[:300])
    server.should_exit=True
    await task
