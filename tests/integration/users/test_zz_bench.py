import asyncio, sys, time
import structlog, logging, asyncpg
from deployments.users.service import imports as I
from deployments.users import import_plan as P
structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
HEADER = "email,first_name,last_name,role"
def timed(cls,name):
    o=getattr(cls,name)
    async def w(self,q,*a,**k):
        t=time.perf_counter()
        try: return await o(self,q,*a,**k)
        finally:
            d=time.perf_counter()-t
            if d>0.05: print("   ",name,round(d,3),q[:70].replace("\n"," "))
    setattr(cls,name,w)
for n in ("execute","fetch","fetchrow","fetchval","executemany"): timed(asyncpg.Connection,n)
r=P.read
def read(*a):
    t=time.perf_counter(); x=r(*a); print("    read",time.perf_counter()-t); return x
I.read=read
async def test_bench(platform):
    org = await platform.create_organisation()
    admin = await org.person("org_admin")
    N=20000
    for invite in ("true","false"):
        lines = [f"p{n}{invite}@x.org,First {n},Last {n},student,{invite}{n},{invite}" for n in range(N)]
        text = f"{HEADER},external_id,invite\n" + "\n".join(lines)
        for body in (text, text, text.replace("Last","L")):
            t=time.perf_counter(); c=time.process_time()
            a=await admin.http.post("/api/users/imports", content=body.encode(), headers={"content-type":"text/csv"})
            print(a.status_code, a.json()["counts"], "wall",round(time.perf_counter()-t,2),"cpu", round(time.process_time()-c,2))
