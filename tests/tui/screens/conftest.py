"""A real store for the tests of a screen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from loki_core import Loki
from tests.tui.samples import NOW, open_store


@pytest.fixture
def loki(tmp_path: Path) -> Iterator[Loki]:
    """A store without tokens, at a fixed moment."""
    with open_store(tmp_path, clock=lambda: NOW) as loki:
        yield loki
