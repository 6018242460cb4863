"""What the tests of the commands share."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.core.cli.program import Program
from tests.support.environment import build_environ


@pytest.fixture
def loki(tmp_path: Path, child_environ: dict[str, str]) -> Program:
    """An installed `loki` in an empty home."""
    return Program(tmp_path, child_environ)


@pytest.fixture(scope="session")
def _stock(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("stock")
    program = Program(directory, build_environ(directory / "home"))
    program.do("token generate taken")
    return program.home / ".loki"


@pytest.fixture
def stocked(loki: Program, _stock: Path) -> Program:
    """An installed `loki` whose store holds one token, called `taken`."""
    shutil.copytree(_stock, loki.home / ".loki")
    return loki
