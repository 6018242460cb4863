"""What keys are called: by Textual, and by people. Pure."""

from __future__ import annotations

_SHOWN = {
    "slash": "/",
    "space": "Space",
    "enter": "Enter",
    "escape": "Esc",
    "question_mark": "?",
    "colon": ":",
    "down": "Down",
    "up": "Up",
    "home": "Home",
    "end": "End",
    "pagedown": "PageDown",
    "pageup": "PageUp",
    "ctrl+p": "Ctrl+P",
    "ctrl+q": "Ctrl+Q",
    "ctrl+f": "Ctrl+F",
    "ctrl+b": "Ctrl+B",
}


def show_key(key: str) -> str:
    """Return a key as people write it."""
    return _SHOWN.get(key.strip(), key.strip())


def normalize_key(key: str) -> str:
    """Return a key as Textual names it: `/` is `slash`."""
    key = key.strip()
    named = {shown: name for name, shown in _SHOWN.items()}
    return named.get(key, key)
