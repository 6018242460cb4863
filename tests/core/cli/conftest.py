"""What the tests of the commands share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.core.cli.program import Program


@pytest.fixture
def loki(tmp_path: Path, child_environ: dict[str, str]) -> Program:
    """An installed `loki` in an empty home."""
    return Program(tmp_path, child_environ)
