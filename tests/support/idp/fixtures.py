"""The fixtures of the provider; `tests/conftest.py` registers them.

`start_idp` starts providers, ended after the test · `idp` one for all tests of a module, which forgets faults and
requests before each of them
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from tests.support.idp.process import Idp, install_idp


@pytest.fixture(scope="session")
def installed_idp(request: pytest.FixtureRequest) -> Path:
    """The directory in which the provider runs; its packages are installed by npm once and kept."""
    return install_idp(request.config.cache.mkdir("identity-provider"))


@pytest.fixture
def start_idp(installed_idp: Path) -> Iterator[Callable[..., Idp]]:
    """Start providers with options of their own; see server.mjs."""
    with ExitStack() as stack:

        def start(**options: Any) -> Idp:
            return stack.enter_context(closing(Idp(installed_idp, **options)))

        yield start


@pytest.fixture(scope="module")
def shared_idp(installed_idp: Path) -> Iterator[Idp]:
    """One provider for all tests of a module."""
    with closing(Idp(installed_idp)) as running:
        yield running


@pytest.fixture
def idp(shared_idp: Idp) -> Idp:
    """The module's provider, without the faults and the record of the test before."""
    shared_idp.reset()
    return shared_idp
