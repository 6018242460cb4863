"""What the tests of the core share."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

import loki_core
from tests.core.workshop import HandClock, Workshop

# A busy machine makes no test fail.
settings.register_profile("calm", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("calm")


@pytest.fixture
def workshop(tmp_path: Path) -> Iterator[Workshop]:
    """An installation that does not exist yet."""
    with contextlib.closing(Workshop(tmp_path / "loki")) as made:
        yield made


@pytest.fixture
def loki(workshop: Workshop) -> loki_core.Loki:
    """The installation, opened by the default policy."""
    return workshop.open()


@pytest.fixture
def clock(workshop: Workshop) -> HandClock:
    """The installation's clock."""
    return workshop.clock
