"""schemathesis over every service's own OpenAPI document: no 5xx, no undocumented status, no schema violation."""

from __future__ import annotations

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from deployments.registry import services
from deployments.web.openapi import merge
from stores.ids import new_id
from tests.acceptance.conftest import RunningPlatform, on

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
]
EXAMPLES = 8
# The same services answer on either topology: one is enough for what they say.
pytestmark = on("local")
HAPROXY_HEAD_BYTES = 14_000
PASSWORD = "the fuzzer's own password"


class Fuzzer:
    """Somebody with every permission of an organisation of their own, signed in again when a request ended that."""

    def __init__(self, platform: RunningPlatform) -> None:
        self._url = platform.base_url
        self._organisation = f"fuzz-{new_id().hex[-8:]}"
        self._email = "fuzzer@fuzz.example"
        platform.azora("admin", "create-organisation", self._organisation, "Fuzz", "--registration", "open")
        platform.azora_with(
            {"AZORA_NEW_PASSWORD": PASSWORD},
            "admin", "create-user", self._organisation, self._email, "--role", "platform_admin",
        )  # fmt: skip
        self._token: str | None = None

    def headers(self) -> dict[str, str]:
        if self._token is None:
            body = {"organisation": self._organisation, "email": self._email, "password": PASSWORD}
            answer = httpx.post(f"{self._url}/api/sessions", json=body, trust_env=False)
            assert answer.status_code == 201, answer.text
            self._token = answer.json()["access_token"]
        return {"Authorization": f"Bearer {self._token}"}

    def note(self, status: int) -> None:
        if status == 401:
            self._token = None


@pytest.fixture(scope="module")
def fuzzer(running_platform: RunningPlatform) -> Fuzzer:
    return Fuzzer(running_platform)


# A stream has no end to wait for; tests/integration/analytics has its refusals.
schema = schemathesis.openapi.from_dict(merge(services())).exclude(path="/api/analytics/stream")


@schema.parametrize()
@settings(
    max_examples=EXAMPLES, deadline=None, phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
def test_the_api_keeps_to_its_document(
    case: schemathesis.Case, fuzzer: Fuzzer, running_platform: RunningPlatform
) -> None:
    response = case.call(base_url=running_platform.base_url, headers=fuzzer.headers(), timeout=30)
    fuzzer.note(response.status_code)
    if response.status_code == 400 and len(response.request.path_url) > HAPROXY_HEAD_BYTES:
        return  # HAProxy refuses such a head before it reaches a service, with a page that cannot be configured
    # A precondition or the size may be refused before the rest is looked at; unknown query parameters are ignored.
    refused_first = response.status_code in (412, 413)
    unknown = set(case.query or {}) - {parameter.name for parameter in case.operation.query}
    checks = [check for check in CHECKS if not ((refused_first or unknown) and check is negative_data_rejection)]
    case.validate_response(response, checks=checks)
