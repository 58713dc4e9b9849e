"""`ray job submit` of every job to a cluster of several nodes, each to a worker: that is where a job has to find
libraries, settings and stores, since the head takes no work."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from benchmarks.jobs.asked import Asked
from cluster.several.local_cluster import LocalCluster
from configs import placement

_TIMEOUT_SECONDS = 600.0


@dataclass(frozen=True)
class Outcome:
    """What became of a job, and the address of the node on which its driver ran. It has succeeded, too, where it
    declined for the reason that was expected."""

    name: str
    succeeded: bool
    seconds: float
    address: str
    printed: str


async def submit(cluster: LocalCluster, one: Asked, number: int, folder: Path) -> Outcome:
    """Submit, and wait for the end; it writes into `folder`.

    Raises:
        TimeoutError: It took longer; nobody waits for the job any more then.
    """
    identity = f"azora-{number}-{one.name}"
    ray = str(Path(sys.executable).with_name("ray"))
    environment = {**os.environ, "RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": cluster.token}
    began = time.monotonic()
    process = await asyncio.create_subprocess_exec(
        ray, "job", "submit", f"--address={cluster.dashboard_url}", f"--submission-id={identity}",
        f"--entrypoint-resources={json.dumps(placement.SERVICE)}", "--", "python", "-m",
        f"jobs.{one.name.replace('-', '_')}", *one.arguments(folder),
        env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    try:
        printed, _ = await asyncio.wait_for(process.communicate(), _TIMEOUT_SECONDS)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    seconds, said = time.monotonic() - began, printed.decode()
    written = one.out is None or (folder / one.out).exists()
    succeeded = process.returncode == 0 and written if one.declines is None else one.declines in said
    return Outcome(one.name, succeeded, seconds, await _address(cluster, identity), said)


async def _address(cluster: LocalCluster, identity: str) -> str:
    """Where the driver ran."""
    headers = {"Authorization": f"Bearer {cluster.token}"}
    async with httpx.AsyncClient(base_url=cluster.dashboard_url, headers=headers, trust_env=False) as http:
        found = (await http.get(f"/api/jobs/{identity}")).json()
    return urlsplit(str(found.get("driver_agent_http_address") or "")).hostname or ""
