"""What the tests of the audit log share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.core.audit.tampering import Copy
from tests.core.audit.three_days import build_three_days


@pytest.fixture(scope="session")
def three_days(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The dashboard directory of an honest log; never changed."""
    return build_three_days(tmp_path_factory.mktemp("three_days") / "home")


@pytest.fixture
def copy(three_days: Path, tmp_path: Path) -> Copy:
    """A copy of that log, to be tampered with."""
    return Copy(three_days, tmp_path / "dashboard")
