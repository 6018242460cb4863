"""Where the user's own things are, by the custom of the system (platformdirs): what is kept and what can be lost."""

from __future__ import annotations

APPLICATION = "loki-tui"


def find_state_directory() -> str:
    """Return where the sign-in's session is kept. Nothing is made."""
    from platformdirs import user_state_dir  # costs a start five milliseconds

    return user_state_dir(APPLICATION, appauthor=False)


def find_cache_directory() -> str:
    """Return where the provider's documents are kept. Nothing is made."""
    from platformdirs import user_cache_dir

    return user_cache_dir(APPLICATION, appauthor=False)
