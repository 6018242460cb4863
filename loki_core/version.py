"""The version of this package; the one in pyproject.toml is the same."""

from __future__ import annotations

__version__ = "0.1.0"
