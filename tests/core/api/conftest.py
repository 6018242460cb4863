"""What the tests of the API share."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.core.api.stage import ApiStage


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[ApiStage]:
    """An installation with authentication on."""
    with contextlib.closing(ApiStage(tmp_path)) as made:
        yield made
