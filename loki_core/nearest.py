"""The nearest of the names that exist, offered to who mistyped one. Pure."""

from __future__ import annotations

from collections.abc import Iterable


def find_nearest(name: str, known: Iterable[str], *, cutoff: float = 0.5) -> str | None:
    """Return the known name that is most like the given one, or None when none is.

    Args:
        name: what was typed.
        known: what exists.
        cutoff: how alike they must be, from 0 to 1.
    """
    import difflib  # only who mistypes waits for it

    found = difflib.get_close_matches(name[:100].lower(), known, n=1, cutoff=cutoff)
    return found[0] if found else None


def offer(name: str, known: Iterable[str]) -> str:
    """Return the remedy for a name that does not exist: the nearest one, and all that do."""
    known = list(known)
    nearest = find_nearest(name, known)
    listed = f"known: {', '.join(known)}"
    return f"did you mean {nearest}? {listed}" if nearest else listed
