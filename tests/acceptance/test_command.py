"""The `azora` command beside a running platform, and against what can be wrong."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import httpx

from deployments.registry import services
from tests.acceptance.conftest import RunningPlatform, on


def _azora(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cluster", *arguments],
        env={**os.environ, **environment}, text=True, capture_output=True, timeout=180, check=False,
    )  # fmt: skip


def test_status_and_doctor_find_everything_well(running_platform: RunningPlatform) -> None:
    status = running_platform.azora("status")
    for service in ("users", "sessions", "courses", "enrollments"):
        assert service in status.stdout
    port = running_platform.base_url.rsplit(":", 1)[1]
    doctor = running_platform.azora_with({"AZORA_HTTP_PORT": port}, "doctor", check=False)
    assert doctor.returncode == 0, doctor.stdout
    assert "bound by row-level security" in doctor.stdout


@on("local")
def test_up_twice_says_where_it_runs(running_platform: RunningPlatform) -> None:
    again = running_platform.azora("up")
    assert running_platform.base_url in again.stdout


@on("local")
def test_a_password_can_be_reset_and_ends_the_sessions(running_platform: RunningPlatform, http: httpx.Client) -> None:
    email, new = "learner@reset.example", "an entirely new password"
    running_platform.azora_with({"AZORA_NEW_PASSWORD": "the first password"}, "admin", "create-user", "demo", email)
    credentials = {"organisation": "demo", "email": email, "password": "the first password"}
    tokens = http.post("/api/sessions", json=credentials).json()
    running_platform.azora("admin", "reset-password", "demo", email, "--password", new)
    assert http.post("/api/sessions", json=credentials).status_code == 401
    refreshed = http.post("/api/sessions/refresh", json={"refresh_token": tokens["refresh_token"]})
    assert refreshed.status_code == 401
    assert http.post("/api/sessions", json={**credentials, "password": new}).status_code == 201


@on("production")  # one application signs, others verify
def test_keys_rotate_and_nobody_is_signed_out(running_platform: RunningPlatform, http: httpx.Client) -> None:
    credentials = {"organisation": "demo", "email": "student@demo.example", "password": running_platform.demo_password}
    token = http.post("/api/sessions", json=credentials).json()["access_token"]
    rotated = running_platform.azora("admin", "rotate-keys")
    assert "signs from a minute on" in rotated.stdout
    answer = http.get("/api/users/me", headers={"authorization": f"Bearer {token}"})
    assert answer.status_code == 200


def test_every_configuration_problem_is_named_at_once(tmp_path: Path) -> None:
    refused = _azora("up", AZORA_HOME=str(tmp_path), AZORA_BCRYPT_COST="3", AZORA_HTTP_PROT="1", AZORA_SMTP_URL="x")
    assert refused.returncode == 2
    for name in ("AZORA_BCRYPT_COST", "AZORA_HTTP_PROT", "AZORA_SMTP_URL"):
        assert name in refused.stderr


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        doctor = _azora("doctor", AZORA_HOME=str(tmp_path / "home"), AZORA_HTTP_PORT=port)
        assert doctor.returncode == 1
        assert f"127.0.0.1:{port}" in doctor.stdout or port in doctor.stdout
        assert "AZORA_HTTP_PORT" in doctor.stdout


def test_a_job_says_what_an_empty_home_needs(system_directory: Path) -> None:
    refused = _azora("job", "score-learners", AZORA_HOME=str(system_directory / "empty"))
    assert refused.returncode == 1
    assert "The database is empty" in refused.stderr
    assert "azora migrate" in refused.stderr


def test_the_front_door(http: httpx.Client) -> None:
    assert http.get("/health").json() == {"status": "alive", "service": "azora"}
    ready = http.get("/ready")
    assert ready.status_code == 200
    assert set(ready.json()["dependencies"]) == {service.name for service in services()}
    document = http.get("/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    assert {"/api/users/me", "/api/courses", "/api/enrollments", "/api/sessions"} <= document["paths"].keys()
    for service in services():
        assert http.get(f"{service.prefix}/openapi.json").status_code == 200
        assert http.get(f"{service.prefix}/health").json()["service"] == service.name
    page = http.get("/docs")
    assert "swagger-ui-bundle.js" in page.text
    for text in (page.text, http.get("/").text):
        assert "http://" not in text
        assert "https://" not in text
    for name in ("swagger-ui-bundle.js", "swagger-ui.css", "browse.js", "azora.css"):
        assert http.get(f"/docs/assets/{name}").status_code == 200
    assert http.get("/docs/assets/../../../etc/passwd").status_code == 404


def test_correlation_goes_in_and_out(http: httpx.Client) -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    answer = http.get("/api/users/me", headers={"x-request-id": "mine-1", "traceparent": trace})
    assert answer.status_code == 401
    assert answer.headers["x-request-id"] == answer.json()["request_id"] == "mine-1"
    assert answer.headers["traceparent"][3:35] == trace[3:35]
