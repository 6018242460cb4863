"""What the tests of sign-in share: a Loki that is configured for the provider of the tests."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import loki_core
from loki_core.settings import AuthSettings, OidcSettings, Settings
from tests.core.workshop import HandClock
from tests.support.idp.process import Idp

Open = Callable[..., loki_core.Loki]
MAPPING = {"loki-admins": "admin", "loki-operators": "operator", "loki-viewers": "viewer", "loki-auditors": "auditor"}


@pytest.fixture
def clock() -> HandClock:
    return HandClock(datetime.now(UTC))


@pytest.fixture
def open_loki(tmp_path: Path, isolated_home: Path, clock: HandClock) -> Iterator[Open]:
    with ExitStack() as stack:

        def start(idp: Idp, **changes: Any) -> loki_core.Loki:
            oidc = {"issuer": idp.issuer, "client_id": "loki-cli", "audience": "loki-cli", "role_mapping": MAPPING}
            settings = Settings(home=tmp_path / "loki", auth=AuthSettings(oidc=OidcSettings(**{**oidc, **changes})))
            return stack.enter_context(loki_core.open(settings, clock=clock, environ={}))

        yield start


def read_log(loki: loki_core.Loki, event: str) -> list[dict[str, Any]]:
    loki.close()
    files = sorted((loki.settings.dashboard / "audit").glob("audit-*.jsonl"))
    lines = [json.loads(line) for file in files for line in file.read_text().splitlines()]
    return [line for line in lines if line["event"] == event]
