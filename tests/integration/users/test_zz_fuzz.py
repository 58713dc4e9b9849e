import asyncio, structlog, logging
import uvicorn
from tests.platform import Platform
structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
async def test_fuzz(platform):
    org = await platform.create_organisation()
    top = await org.person("platform_admin")
    for r in ("student","org_admin","auditor"): await org.person(r)
    server = uvicorn.Server(uvicorn.Config(platform.host, host="127.0.0.1", port=18733, lifespan="off", log_level="warning", access_log=False))
    task = asyncio.create_task(server.serve())
    await asyncio.sleep(1)
    auth = top.http.headers["authorization"]
    p = await asyncio.create_subprocess_exec("/tmp/w/v/bin/st","run","http://127.0.0.1:18733/api/users/openapi.json","-H",f"Authorization: {auth}","--url","http://127.0.0.1:18733","-n","60","--checks","not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance","--continue-on-failure","--phases","examples,coverage,fuzzing",stdout=open("/tmp/w/users/fuzz.txt","w"),stderr=asyncio.subprocess.STDOUT)
    await p.wait()
    server.should_exit=True
    await task
