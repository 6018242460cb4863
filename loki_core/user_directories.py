"""Where the user's own things are, by the custom of the system (platformdirs): what is kept and what can be lost."""

from __future__ import annotations

import os

APPLICATION = "loki-tui"
SESSION_NAME = "session.json"


def find_session_file() -> str:
    """Return where the sign-in is kept. Nothing is made."""
    from platformdirs import user_state_dir  # costs a start some milliseconds

    return os.path.join(user_state_dir(APPLICATION, appauthor=False), SESSION_NAME)


def find_cache_directory() -> str:
    """Return where the provider's documents are kept. Nothing is made."""
    from platformdirs import user_cache_dir

    return user_cache_dir(APPLICATION, appauthor=False)
