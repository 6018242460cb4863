"""Programs that some tests drive: looked up, and asked for by name when they are missing."""

from __future__ import annotations

import os
import shutil

import pytest


def require_program(name: str, package: str) -> str:
    """Return the path of a program; without it the test is skipped, or fails when LOKI_REQUIRE_ALL=1."""
    search = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])
    path = shutil.which(name, path=search)
    if path is not None:
        return path
    message = f"{name} is not installed: install {package} (Debian: apt-get install {package})"
    if os.environ.get("LOKI_REQUIRE_ALL") == "1":
        pytest.fail(message)
    pytest.skip(message)
