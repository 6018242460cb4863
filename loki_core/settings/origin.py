"""Where a value comes from, and what was ignored."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from loki_core.frozen import dataclass


class Source(StrEnum):
    """The kinds of place that a value can come from."""

    DEFAULT = "default"
    ENVIRONMENT = "environment"
    FILE = "file"


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where one value comes from.

    Attributes:
        source: the kind of place.
        variable: the environment variable, or "".
        file: the configuration file, or None.
        line: in that file, from 1; 0 when there is none.
        label: the file as people write it, such as `~/.loki/config.yaml`.
    """

    source: Source = Source.DEFAULT
    variable: str = ""
    file: Path | None = None
    line: int = 0
    label: str = ""

    def __str__(self) -> str:
        if self.source is Source.ENVIRONMENT:
            return f"environment variable {self.variable}"
        if self.source is Source.FILE:
            return f"{self.label}:{self.line}"
        return "default"

    @property
    def place(self) -> str:
        """What an error message starts with: the variable, or file and line."""
        return self.variable if self.source is Source.ENVIRONMENT else str(self)


DEFAULT = Origin()


@dataclass(frozen=True, slots=True, kw_only=True)
class IgnoredKey:
    """A key of a project file that does not count, and why."""

    key: str
    file: Path
    line: int
    reason: str
