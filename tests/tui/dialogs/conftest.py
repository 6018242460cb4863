"""What the dialogs' tests stand on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from loki_core import Draft, Loki
from tests.tui.dialogs.stage import Clock, open_loki


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def loki(isolated_home: Path, clock: Clock) -> Iterator[Loki]:
    with open_loki(isolated_home, clock=clock) as opened:
        yield opened


@pytest.fixture
def draft(loki: Loki) -> Draft:
    """A viewer's token that is not live yet."""
    return loki.tokens.prepare("ci-bot", role="viewer")


@pytest.fixture
def raw(draft: Draft) -> str:
    """The draft's secret."""
    return draft.secret.reveal()
