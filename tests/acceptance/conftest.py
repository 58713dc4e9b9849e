"""The running platform, as a newcomer starts it: `azora up` in a home of its own, once per topology.

`AZORA_TEST_URL` and `AZORA_TEST_HOME` point the tests at a platform that runs already.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from cluster.embedded import Home
from cluster.installation import Running, read_running
from tests.acceptance.scraping import Scrape, families
from tests.patience import PATIENCE_SECONDS

START_SECONDS = 660
ROOT = Path(__file__).parents[2]
# What `azora up` is told beyond a home and a port. Replicas of the production topology want more of Ray's logical
# processors than a small machine has; they mostly wait.
TOPOLOGIES = {
    "local": {},
    "production": {
        "AZORA_TOPOLOGY": str(ROOT / "configs" / "serve.production.yaml"),
        "AZORA_RAY_LOGICAL_CPUS": "32",
    },
}


def on(*topologies: str) -> pytest.MarkDecorator:
    """Runs a test on these topologies only: where the other would show nothing that these do not."""
    return pytest.mark.parametrize("running_platform", topologies, indirect=True, scope="session")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of one topology follow one another, so that each is started once."""
    items.sort(key=_topology)


def _topology(item: pytest.Item) -> str:
    callspec = getattr(item, "callspec", None)
    return str(callspec.params.get("running_platform", "")) if callspec is not None else ""


@dataclass(frozen=True)
class RunningPlatform:
    """A platform over HTTP, and the home to administer it by."""

    base_url: str
    home: Path
    log: Path

    @property
    def environment(self) -> dict[str, str]:
        """What an `azora` command needs to find it."""
        return {**os.environ, "AZORA_HOME": str(self.home)}

    @property
    def running(self) -> Running:
        found = read_running(Home(self.home))
        assert found is not None
        return found

    def azora(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run an `azora` command against it."""
        return self.azora_with({}, *arguments, check=check)

    def azora_with(
        self, environment: dict[str, str], *arguments: str, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run an `azora` command against it with more in its environment."""
        return subprocess.run(
            [sys.executable, "-m", "cluster", *arguments],
            env={**self.environment, **environment}, text=True, capture_output=True, timeout=180, check=check,
        )  # fmt: skip

    @property
    def demo_password(self) -> str:
        return self.azora("admin", "demo-password").stdout.strip()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def started(variables: dict[str, str]) -> Iterator[RunningPlatform]:
    """`azora up` in a home of its own with these variables besides, for as long as the block lasts."""
    # Run as root, PostgreSQL works as another account, which must be able to enter.
    root = Path(tempfile.mkdtemp(prefix="azora-acceptance-"))
    root.chmod(0o711)
    port = free_port()
    environment = {
        **os.environ,
        "AZORA_HOME": str(root / "home"),
        "AZORA_HTTP_PORT": str(port),
        "AZORA_RAY_DASHBOARD_PORT": "0",
        "AZORA_METRICS_PORT": str(free_port()),
        "AZORA_BCRYPT_COST": "4",
        "AZORA_RATE_LIMIT": "1000000/60s",
        "AZORA_RATE_LIMIT_ANONYMOUS": "1000000/60s",
        "AZORA_RATE_LIMIT_CREDENTIALS": "1000000/60s",
        **variables,
    }
    log = root / "up.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "cluster", "up"], env=environment, stdout=output, stderr=output
        )
    platform = RunningPlatform(f"http://127.0.0.1:{port}", root / "home", log)
    try:
        _await_start(process, platform)
        yield platform
    finally:
        process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            process.wait(PATIENCE_SECONDS)
        process.kill()
        process.wait()
        shutil.rmtree(root, ignore_errors=True)


@pytest.fixture(scope="session", params=TOPOLOGIES)
def running_platform(request: pytest.FixtureRequest) -> Iterator[RunningPlatform]:
    """The platform on each topology in turn, but for tests that say where they run (`on`)."""
    if url := os.environ.get("AZORA_TEST_URL"):
        yield RunningPlatform(url, Path(os.environ["AZORA_TEST_HOME"]), Path(os.devnull))
        return
    with started(TOPOLOGIES[request.param]) as platform:
        yield platform


def _await_start(process: subprocess.Popen[bytes], platform: RunningPlatform) -> None:
    deadline = time.monotonic() + START_SECONDS
    while "Ctrl-C stops it" not in platform.log.read_text():
        assert process.poll() is None, f"azora up ended:\n{platform.log.read_text()}"
        assert time.monotonic() < deadline, f"azora up did not finish:\n{platform.log.read_text()}"
        time.sleep(0.2)


@pytest.fixture
def scrape(running_platform: RunningPlatform) -> Scrape:
    url = running_platform.running.metrics_url
    if url is None:
        pytest.skip("the platform shows no metrics")
    return lambda: families(url)


@pytest.fixture
def http(running_platform: RunningPlatform) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=running_platform.base_url, timeout=PATIENCE_SECONDS, trust_env=False) as client:
        yield client
