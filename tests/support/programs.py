"""Programs and modules that some tests drive: looked up, and asked for by name when they are missing."""

from __future__ import annotations

import importlib.util
import os
import shutil
from typing import NoReturn

import pytest


def require_program(name: str, package: str) -> str:
    """Return the path of a program; without it the test is skipped, or fails when LOKI_REQUIRE_ALL=1."""
    search = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])
    path = shutil.which(name, path=search)
    if path is None:
        do_without(f"{name} is not installed: install {package} (Debian: apt-get install {package})")
    return path


def require_module(name: str) -> None:
    """Return when a module can be imported; without it the test is skipped, or fails when LOKI_REQUIRE_ALL=1."""
    if importlib.util.find_spec(name) is None:
        do_without(f"{name} is not installed: pip install {name}")


def do_without(message: str) -> NoReturn:
    """Skip the test, or fail it when LOKI_REQUIRE_ALL=1, because something that it drives is missing."""
    if os.environ.get("LOKI_REQUIRE_ALL") == "1":
        pytest.fail(message)
    pytest.skip(message)
