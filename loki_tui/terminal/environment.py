"""Whether a terminal can show the console, and with which colours. Pure; imports no Textual.

Textual itself paints 24-bit colours on TERM=dumb, stops with a KeyError at a bad TEXTUAL_COLOR_SYSTEM and emits
greys under NO_COLOR.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping

HEADLESS = "loki enterprise token list"
"""The command that does without a terminal what most people open the console for."""

_COLOR_SYSTEMS = ("auto", "standard", "256", "truecolor")
_DUMB = ("", "dumb", "unknown")
_LIGHT_BACKGROUNDS = ("7", "15")

# Switches for developers of Textual programs: they write what is shown or typed to files or to another program,
# choose the code that drives the terminal, or press keys. None has a place where secrets are shown.
_DEVELOPER_SWITCHES = (
    "TEXTUAL",
    "TEXTUAL_DEBUG",
    "TEXTUAL_DEVTOOLS_HOST",
    "TEXTUAL_DEVTOOLS_PORT",
    "TEXTUAL_DRIVER",
    "TEXTUAL_LOG",
    "TEXTUAL_PRESS",
    "TEXTUAL_SCREENSHOT",
    "TEXTUAL_SCREENSHOT_FILENAME",
    "TEXTUAL_SCREENSHOT_LOCATION",
    "TEXTUAL_SHOW_RETURN",
)


class UnusableTerminalError(Exception):
    """The console cannot run here; the text is one line that names the remedy."""


def check_terminal(
    environ: Mapping[str, str], *, platform: str, stdin_is_terminal: bool, stdout_is_terminal: bool
) -> None:
    """Check that the console can run.

    Args:
        environ: the environment.
        platform: as `sys.platform` has it.
        stdin_is_terminal: whether keys can come in.
        stdout_is_terminal: whether a screen can go out.

    Raises:
        UnusableTerminalError: it cannot.
    """
    without = f"without a screen: {HEADLESS}"
    if platform not in {"linux", "darwin"} and not platform.startswith("freebsd"):
        raise UnusableTerminalError(f"loki-tui runs on Linux and macOS only; {without}")
    if not (stdin_is_terminal and stdout_is_terminal):
        stream = "input" if not stdin_is_terminal else "output"
        raise UnusableTerminalError(f"standard {stream} is not a terminal: run it in one (over ssh: ssh -t); {without}")
    term = environ.get("TERM", "")
    if term in _DUMB:
        said = f"TERM={term}" if term else "TERM is not set"
        raise UnusableTerminalError(f"{said}: set it to what your terminal is, such as TERM=xterm-256color; {without}")
    system = environ.get("TEXTUAL_COLOR_SYSTEM", "auto")
    if system not in _COLOR_SYSTEMS:
        raise UnusableTerminalError(f"TEXTUAL_COLOR_SYSTEM is none of {', '.join(_COLOR_SYSTEMS)}: unset it; {without}")


def count_colors(environ: Mapping[str, str]) -> int:
    """Return how many colours a terminal shows: 0 when none are wanted, 16, 256 or 16,777,216.

    The rules are those of Rich, which writes the colours.
    """
    if "NO_COLOR" in environ:
        return 0
    forced = environ.get("TEXTUAL_COLOR_SYSTEM", "auto")
    counts = {"standard": 16, "256": 256, "truecolor": 1 << 24}
    if forced in counts:
        return counts[forced]
    if environ.get("COLORTERM", "").strip().lower() in {"truecolor", "24bit"}:
        return 1 << 24
    kind = environ.get("TERM", "").strip().lower().rpartition("-")[2]
    return 256 if kind in {"256color", "kitty"} else 16


def choose_theme(environ: Mapping[str, str], *, asked: str | None, preferred: str | None) -> str | None:
    """Return the theme to use, or None for the console's own.

    A terminal with 16 colours or none gets the terminal's own palette, which its owner chose to be readable.

    Args:
        environ: the environment.
        asked: a theme named on the command line; it always wins.
        preferred: a theme named in the preferences; it wins where there are colours enough.
    """
    if asked:
        return asked
    if count_colors(environ) > 16:
        return preferred
    if preferred and preferred.startswith("ansi-"):
        return preferred
    background = environ.get("COLORFGBG", "").rpartition(";")[2]
    return "ansi-light" if background in _LIGHT_BACKGROUNDS else "ansi-dark"


def drop_developer_switches(environ: MutableMapping[str, str]) -> None:
    """Remove the variables with which Textual writes screens and keys elsewhere; before Textual is imported."""
    for name in _DEVELOPER_SWITCHES:
        environ.pop(name, None)


def shows_blocks(environ: Mapping[str, str]) -> bool:
    """Tell whether a terminal can be expected to show block characters: it takes UTF-8, and its font is no console's.

    Args:
        environ: the environment.
    """
    locale = next((environ[name] for name in ("LC_ALL", "LC_CTYPE", "LANG") if environ.get(name)), "")
    is_old = environ.get("TERM", "").startswith(("vt", "linux", "cons"))
    return not is_old and locale.upper().replace("-", "").endswith("UTF8")
