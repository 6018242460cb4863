"""The OpenAPI document is kept to: whatever is sent, by whomever, is answered as documented and never by a 5xx."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.config import SchemathesisConfig
from schemathesis.core.result import Ok

from tests.core.api.server import Server
from tests.support.environment import build_environ

_numbers = itertools.count(1)
ROLES = ("viewer", "operator", "auditor", "admin")
# A value may have the form that the document describes and still be none that exists: a scope, a token, a file.
CONFIG = SchemathesisConfig.from_dict(
    {"checks": {"positive_data_acceptance": {"expected-statuses": ["2xx", 401, 403, 404, 409, 422, 429, 503]}}}
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    environ = build_environ(tmp_path_factory.mktemp("openapi") / "home")
    config = Path(environ["HOME"]) / "config.yaml"
    config.write_text('server:\n  trusted_proxies: [127.0.0.1]\nsession:\n  command: ["true"]\n')
    config.chmod(0o600)
    with Server({**environ, "LOKI_CONFIG": str(config)}) as running:
        (running.project / "prd.md").write_text("build it\n")
        yield running


@pytest.mark.parametrize("examples", [10, pytest.param(300, marks=pytest.mark.nightly)])
@pytest.mark.parametrize("role", ROLES)
def test_no_request_is_answered_in_a_way_that_is_not_documented(server: Server, role: str, examples: int) -> None:
    secret = server.mint(f"{role}-caller-{examples}", role=role)
    with server.connect(secret) as client:
        document = client.get("/openapi.json").json()
    schema = schemathesis.openapi.from_dict(document, config=CONFIG)
    headers = {"Authorization": f"Bearer {secret}"}
    schema.config.update(base_url=server.url)
    operations = [result.ok() for result in schema.get_all_operations() if isinstance(result, Ok)]
    assert len(operations) >= 18
    for operation in operations:

        @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(case=operation.as_strategy())
        def ask(case: Any) -> None:
            # Each comes from another address, so that the limit on bad sign-ins does not answer for everything.
            number = next(_numbers)
            forwarded = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
            case.call_and_validate(headers={**headers, "X-Forwarded-For": forwarded})

        ask()
