"""The directories and files that settings are looked for in."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from loki_core.frozen import dataclass
from loki_core.text import safe_text
from loki_core.tokens.secret import redact

FILE_NAME = "config.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where to look.

    Attributes:
        directory: where the program was started.
        user_home: the user's home directory.
        home: `LOKI_HOME`, or `.loki` in it.
        named: the one file that `LOKI_CONFIG` names, or None.
    """

    directory: Path
    user_home: Path
    home: Path
    named: Path | None

    @property
    def project_file(self) -> Path:
        """The file that a project brings."""
        return self.directory / ".loki" / FILE_NAME

    @property
    def home_file(self) -> Path:
        """The user's own file."""
        return self.home / FILE_NAME

    def get_label(self, path: Path) -> str:
        """Return the path as people write it, on one printable line."""
        is_here = path.is_relative_to(self.directory) and self.directory != Path("/")
        is_own = path.is_relative_to(self.user_home)
        if is_here and not (is_own and path.is_relative_to(self.home)):
            short = f"./{path.relative_to(self.directory)}"
        elif is_own:
            short = f"~/{path.relative_to(self.user_home)}"
        else:
            short = str(path)
        return redact(safe_text(short))  # a secret may have been put where a path belongs


def find_places(environ: Mapping[str, str], directory: Path, user_home: Path | None = None) -> Places:
    """Return where to look.

    Args:
        environ: the environment; empty variables count as absent.
        directory: where the program was started.
        user_home: the user's home directory; by default `HOME`, else what the system says.
    """
    directory = Path(os.path.abspath(directory))
    if user_home is None:
        user_home = Path(environ.get("HOME") or _find_home_of_user())
    user_home = directory / user_home
    home = environ.get("LOKI_HOME")
    named = environ.get("LOKI_CONFIG")
    return Places(
        directory=directory,
        user_home=user_home,
        home=expand_path(home, directory, user_home) if home else user_home / ".loki",
        named=expand_path(named, directory, user_home) if named else None,
    )


def expand_path(text: str, directory: Path, user_home: Path) -> Path:
    """Return the path, `~/` expanded and relative ones taken from the directory. Not resolved."""
    if text == "~" or text.startswith("~/"):
        return user_home / text[2:]
    return Path(os.path.normpath(directory / text)) if not os.path.isabs(text) else Path(text)


def _find_home_of_user() -> str:
    import pwd

    try:
        return pwd.getpwuid(os.geteuid()).pw_dir
    except KeyError:
        return "/"
