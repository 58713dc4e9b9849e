"""The platform with a real language model: `azora up --llm smollm2` in a home of its own (`make acceptance-llm`).

The tests run in the ordinary environment, the platform in the one with vLLM, whose Python `AZORA_TEST_LLM_PYTHON`
names. `AZORA_TEST_URL` and `AZORA_TEST_HOME` point the tests at a platform that runs already.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import openai
import pytest

from tests.patience import PATIENCE_SECONDS

MODEL = "smollm2"
# Patience: an ordinary machine needs two minutes, a slow one that has much else to do some times as long.
START_SECONDS = 1800
FETCH_SECONDS = 1800
ANSWER_SECONDS = 900.0
# Whatever may ask a model asks this one.
ASKED_BY = ("AZORA_TUTOR_MODEL", "AZORA_GRADING_MODEL", "AZORA_CONTENT_MODEL", "AZORA_AGENT_MODEL")


@dataclass(frozen=True)
class LlmPlatform:
    """A platform over HTTP, and the `azora` command of the environment that it runs in."""

    python: str
    base_url: str
    home: Path

    @property
    def adapters(self) -> Path:
        """Where LoRA adapters of organisations go."""
        return self.home / "adapters" / MODEL

    def azora(self, *arguments: str, timeout: float = PATIENCE_SECONDS) -> subprocess.CompletedProcess[str]:
        """Run an `azora` command in the platform's home."""
        return subprocess.run(
            [self.python, "-m", "cluster", *arguments],
            env={**os.environ, "AZORA_HOME": str(self.home)},
            text=True, capture_output=True, timeout=timeout, check=True,
        )  # fmt: skip

    def token(self, who: str = "student") -> str:
        """An access token of somebody in the demo school, by default of its learner."""
        password = self.azora("admin", "demo-password").stdout.strip()
        answer = httpx.post(
            f"{self.base_url}/api/sessions",
            json={"organisation": "demo", "email": f"{who}@demo.example", "password": password},
            trust_env=False,
            timeout=PATIENCE_SECONDS,
        )
        answer.raise_for_status()
        return str(answer.json()["access_token"])


@pytest.fixture(scope="session")
def llm_platform() -> Iterator[LlmPlatform]:
    python = os.environ.get("AZORA_TEST_LLM_PYTHON")
    if python is None:
        pytest.fail("these tests need vLLM: `make acceptance-llm` installs it and runs them")
    python = str(Path(python).absolute())
    if url := os.environ.get("AZORA_TEST_URL"):
        yield LlmPlatform(python, url, Path(os.environ["AZORA_TEST_HOME"]))
        return
    # Run as root, PostgreSQL works as another account, which must be able to enter.
    root = Path(tempfile.mkdtemp(prefix="azora-llm-"))
    root.chmod(0o711)
    platform = LlmPlatform(python, f"http://127.0.0.1:{_free_port()}", root / "home")
    try:
        fetched = platform.azora("models", "fetch", MODEL, timeout=FETCH_SECONDS)
        assert f"{MODEL} is in" in fetched.stdout
        platform.adapters.mkdir(parents=True)
        with _running(platform, root / "up.log"):
            yield platform
    finally:
        shutil.rmtree(root, ignore_errors=True)


class _running:
    """`azora up --llm` for as long as the block lasts."""

    def __init__(self, platform: LlmPlatform, log: Path) -> None:
        environment = {
            **os.environ,
            "AZORA_HOME": str(platform.home),
            "AZORA_HTTP_PORT": platform.base_url.rpartition(":")[2],
            "AZORA_METRICS_PORT": str(_free_port()),
            "AZORA_RAY_DASHBOARD_PORT": "0",
            "AZORA_BCRYPT_COST": "4",
            **dict.fromkeys(ASKED_BY, MODEL),
        }
        self._log = log
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                [platform.python, "-m", "cluster", "up", "--llm", MODEL], env=environment, stdout=output, stderr=output
            )

    def __enter__(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while "Ctrl-C stops it" not in self._log.read_text():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self._stop()
                pytest.fail(f"azora up --llm did not start:\n{self._log.read_text()}")
            time.sleep(0.5)

    def __exit__(self, *_: object) -> None:
        self._stop()

    def _stop(self) -> None:
        self._process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(PATIENCE_SECONDS)
        self._process.kill()
        self._process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="session")
def token(llm_platform: LlmPlatform) -> str:
    return llm_platform.token()


@pytest.fixture
def client(llm_platform: LlmPlatform, token: str) -> Iterator[openai.OpenAI]:
    """OpenAI's own client, pointed at the platform and otherwise as it comes."""
    with client_of(llm_platform, token) as client:
        yield client


def client_of(platform: LlmPlatform, token: str) -> openai.OpenAI:
    """Such a client, of whoever has the token."""
    return openai.OpenAI(api_key=token, base_url=f"{platform.base_url}/v1", timeout=ANSWER_SECONDS, max_retries=0)
